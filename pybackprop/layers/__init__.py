"""Layers: functions on arrays, each a pair of value and pull-back, or made of such pairs.

On arrays a layer returns its value; on nodes of a tape (`graph.Node`) it records itself. Shapes: m
examples, c channels, T places of a sequence, d or n units, k classes.
"""

from .attention import attention, causal_mask, masked_softmax, merge_heads, split_heads
from .basic import activation, dropout, embedding, linear
from .convolution import avg_pool, conv1d, conv2d, fold, max_pool, unfold
from .losses import LOSSES_ON_LOGITS, sigmoid_cross_entropy, softmax_cross_entropy
from .norms import batch_norm, layer_norm, rms_norm, standardize
from .recurrence import gru, gru_cell, lstm, lstm_cell, rnn

__all__ = [
    "LOSSES_ON_LOGITS",
    "activation",
    "attention",
    "avg_pool",
    "batch_norm",
    "causal_mask",
    "conv1d",
    "conv2d",
    "dropout",
    "embedding",
    "fold",
    "gru",
    "gru_cell",
    "layer_norm",
    "linear",
    "lstm",
    "lstm_cell",
    "masked_softmax",
    "max_pool",
    "merge_heads",
    "rms_norm",
    "rnn",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "split_heads",
    "standardize",
    "unfold",
]
