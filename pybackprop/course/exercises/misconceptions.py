"""Which mistakes of the exercises are one and the same misconception.

The book's page "Misconceptions" tells of each; its headings are the ids of `NAMED`, and the lists
of exercises below them are made from here while the book is built.
"""

from collections.abc import Iterable, Mapping

from .model import Choice, Exercise

NAMED = {
    "forgotten-activation": """
        01-one-neuron: no activation
        01-sigmoid_layer: no activation
        02-softmax_cross_entropy: before the softmax
        no softmax
        01-two-layers: no activation at the output
        01-two-layers: no activation in the hidden layer
        01-columns_layer: no activation
        01-two_layers: no hidden activation
        01-two_layers: no output activation
        """,
    "forgotten-bias": """
        no bias
        no biases
        bias subtracted
        bias outside
        bias inside
        one bias per layer
        bias forgotten
        bias for each entry
        biases for inputs
        no hidden biases
        no output bias
        no second bias
        no first bias
        first bias through W1
        """,
    "depth-without-a-bend": """
        polynomials up to degree 100
        nearly every function, as deep networks do
        as much as one layer, but only if all layers have the same width
        01-hat: no bends
        01-single_layer: order of the matrices
        """,
    "shape-turned-round": """
        no transpose
        transposed
        W transposed
        weights transposed
        U not transposed
        keys not transposed
        values not transposed
        no transpose in the first layer
        transpose on the way back
        first gradient transposed
        second gradient transposed
        first gradient without transpose
        W2 transposed
        not transposed
        transposed weights
        deltas turned round
        """,
    "large-means-sensitive": """
        the second one's, because its activation is larger
        01-saturated: both by the same amount
        """,
    "unmeant-broadcast": """
        pairs of examples
        pairs of examples, not added up
        pairs of outputs
        no keepdims
        no keepdims, largest logit
        no keepdims, both
        no keepdims, no care for large logits
        in pairs
        bias as a column
        bias as a column in the second layer
        no keepdims for the largest
        no keepdims for the sum
        m by m
        delta still m by m
        loss still m by m
        flat delta
        row of deltas
        these columns of every row
        """,
    "answers-that-lean-on-neighbors": """
        over the whole batch
        over columns
        11-standardize_pullback: over the batch
        11-rms_pullback: over the batch
        14-attend_to_all: wrong axis
        14-attention_pullback: wrong axis
        14-masked_weights: wrong axis
        largest of the batch
        largest of each column
        08-logit_loss: over the batch
        08-influence: itself only
        03-softmax_delta: sum over the examples
        column by column
        """,
    "sign-in-the-exponent": """
        sign in the exponent
        sign in the hidden exponent
        """,
    "another-logarithm": """
        base 2
        base 10
        """,
    "mean-over-everything": """
        mean over everything
        15-cross_entropy: mean over the classes, too
        """,
    "minus-on-one-term": """
        02-one-cross-entropy: no minus
        02-binary_cross_entropy: no minus
        08-ignorant-loss: no minus
        minus before the first term
        minus before the second term
        02-loss-of-logits: no minus
        02-cross_entropy_of_classes: no minus
        08-logit_loss: no minus
        minus on the first term only
        sign of the second term
        first term only
        """,
    "squared-error-for-a-yes-or-no": """
        identity with <code>sse</code>
        <code>half_sse</code>, since it squares the miss
        both the same, since the miss is the same
        <code>bce</code>, about four times
        02-one-cross-entropy: squared error
        06-output-weight: squared error
        """,
    "one-softmax-for-several-yes-or-no": """
        softmax over 20 with <code>cross_entropy</code>
        20 sigmoids with <code>cross_entropy</code>
        """,
    "log-of-zero": """
        overflow
        0 times log 0
        nothing subtracted
        cut off
        not added back
        slope above the line
        """,
    "softmax-twice": """
        softmax twice
        softmax three times
        """,
    "two-of-the-square": """
        03-output-delta: no 2
        03-output_delta: 2
        03-output_delta: half
        02-mse_with_gradient: half
        half the loss
        slopes without the 2
        08-loss_and_delta: no 2
        08-loss_and_delta: half
        03-last_delta: no 2
        no two
        04-minibatch_step: no half
        05-one_epoch: no half
        04-two-steps: no half
        """,
    "sum-for-mean": """
        sum over the batch
        no 1/m
        loss of the sum
        delta of the sum
        15-cross_entropy: sum
        slopes of the sum
        04-minibatch_step: sum
        sum in place of mean
        08-loss_and_delta: sum
        losses added up
        """,
    "one-over-m-twice": """
        1/m twice
        1/m in each layer
        mean for the weights
        mean for the bias
        03-weight-gradient: mean
        03-backward_step: mean
        <code>delta.mean(axis=0)</code>
        13-two-steps: mean for sum
        13-gradients_in_time: mean for sum
        mean for b
        1/m once more
        1/m again
        mean of the slopes
        03-weight_gradient: mean
        03-hidden_delta: mean
        03-softmax_delta: mean
        1/m at the weights
        """,
    "left-out-slope": """
        no slope
        no slopes
        no hidden slope
        no slope of tanh(c)
        no slopes of the gates
        no slope at the output
        no slope at the hidden unit
        slopes at the outputs
        """,
    "value-for-slope": """
        sigma for sigma prime
        sigma itself
        value for slope
        phi for its slope
        activation for slope
        sigma for sigma prime, output
        09-way-around: activation
        """,
    "slope-at-the-activation": """
        slope at a
        slope of a
        """,
    "slope-from-z": """
        z in place of a
        slope from z
        03-output_delta: z for a
        slope at z
        """,
    "slope-of-another-activation": """
        tanh's slope
        candidate as a sigmoid
        slope of the sigmoid
        slope of tanh
        """,
    "slope-once-more": """
        02-softmax_cross_entropy: slope once more
        slope at the output
        slope stays
        02-fused_delta: slope once more
        03-two-outputs: slopes at the outputs
        """,
    "softmax-entry-by-entry": """
        diagonal of the Jacobian
        diagonal of the Jacobian, shortened
        diagonal alone
        as if elementwise
        no Jacobian
        """,
    "left-out-weights": """
        no weights
        no weights, deltas added up
        no weight
        without weights
        delta without weights
        """,
    "one-path-only": """
        first path only
        second path only
        = for +=
        = for += at overlaps
        first input only
        last use only
        first use only
        last time only
        first time only
        last window only
        last token only
        output alone
        input alone
        not carried
        carried delta forgotten
        later forgotten
        later only
        no path around
        path around only
        skip path only
        no skip path
        g on the other path only
        first hidden unit only
        one path around all
        """,
    "products-and-sums-confused": """
        product of the paths
        09-vanishing-delta: added up
        03-weight-gradient: sums first
        09-way-around: added up
        03-weight_gradient: sums first
        terms added up
        """,
    "crossed-indices": """
        crossed
        06-hidden-weight: output weight
        output weights crossed
        hidden biases crossed
        targets the other way round
        """,
    "activation-of-the-wrong-layer": """
        own activation
        own activation, output layer
        own activation, hidden layer
        own slope
        own state for the one before
        slope of the time before
        slope of the time after
        delta of the next layer
        next layer's gradient
        """,
    "wrong-axis-for-the-bias": """
        wrong axis for the bias
        03-backward_pass: one bias per layer
        <code>delta.sum(axis=1)</code>
        <code>delta.sum()</code>
        bias over examples only
        bias over all
        bias over the wrong axes
        one sum for all biases
        bias along the examples
        """,
    "sign-of-delta": """
        sign of delta
        03-output-delta: sign
        03-output_delta: sign
        03-backward_pass: sign
        06-hidden-weight: sign
        03-sign-of-delta: positive
        03-sign-of-delta: zero
        06-signs: none: delta is negative
        02-bce_slopes: sign
        02-fused_delta: sign
        03-last_delta: sign
        sign of the slopes
        sign of the miss
        """,
    "uphill": """
        uphill
        """,
    "updated-too-early": """
        updated too early
        08-updated-too-early: right program
        those of all three layers
        those of layer 1 only
        08-update-inside: none: each gradient is used once
        """,
    "rate-forgotten": """
        no rate
        step only
        the step alone
        no learning rate
        """,
    "where-the-rate-turns-too-large": """
        1/q
        flat direction
        best rate
        half curvature
        curvature forgotten
        """,
    "momentum-by-another-convention": """
        running mean
        rate inside
        friction only
        no friction
        velocity forgotten
        old velocity
        """,
    "adam-and-the-size-of-a-gradient": """
        both: 100 times as long
        gradient descent: 100 times as long; Adam: one tenth
        0.1 and 0.00001
        0.01 for the first, nearly nothing for the second
        06-first-adam-step: gradient descent
        """,
    "the-clock-of-adam": """
        no bias correction
        t = 1
        t stays 1
        t one behind
        both about 0.03
        t left out
        t from 0
        root not corrected
        """,
    "adam-without-its-root": """
        04-second-adam-step: no root
        04-adam_step: no root
        06-first-adam-step: no root
        eps inside the root
        04-adam_step: no square
        04-adam_move: no root
        04-rmsprop_walk: no root
        04-rmsprop_walk: no square
        """,
    "clipping-entry-by-entry": """
        09-clip_gradient: entry by entry
        each entry
        each array
        each for itself
        09-clip_blocks: entry by entry
        """,
    "shuffled-apart": """
        X alone
        Y alone
        targets in the old order
        inputs in the old order
        targets of others
        """,
    "the-last-batch": """
        mean of means
        short batch left out
        last batch
        last batch dropped
        full batches assumed
        short one left out
        full minibatches assumed
        loss of the last minibatch
        """,
    "gradients-not-reset": """
        never zeroed
        never reset
        """,
    "judged-by-what-was-learned": """
        its accuracy on the validation set
        its accuracy on the training set
        the mean over training, validation and test set
        train on: the training loss still falls
        lower the learning rate at epoch 12
        move the validation examples into the training set and train on
        """,
    "patience-miscounted": """
        best epoch
        counted in all
        compared with the last
        no reset
        one epoch late
        counted from 0
        05-early_stopping: last
        05-keep_best: last
        """,
    "dropout-left-on": """
        statistics of the batch
        averages moved
        """,
    "deviation-for-variance": """
        variance
        deviations added
        divided by the variance
        no root of q
        09-he_weights: no root
        09-initial_weights: no root
        units for inputs
        """,
    "deep-layers-learn-alike": """
        the last ones, next to the output
        09-first-layers: all the same
        the middle ones
        """,
    "a-dead-relu-that-recovers": """
        it raises the bias until the unit wakes up
        it moves them slowly, like those of a saturated sigmoid
        it moves the weights, but not the bias
        asleep once
        zero lives
        """,
    "the-smaller-the-step-the-better": """
        10<sup>−12</sup>
        10<sup>−16</sup>, about the precision of float64
        step too small
        """,
    "a-difference-half-written": """
        07-central-difference: forward
        07-central-difference: backward
        forward difference
        not halved
        no parentheses
        times h
        07-central-difference: not divided
        no parentheses above the line
        no parentheses below the line
        h for 2 h
        one side only
        only back to the middle
        03-nudge_matrix: not divided
        """,
    "absolute-errors": """
        07-relative-error: absolute
        absolute error
        no floor
        no absolute value
        07-relative-error: signed
        signs kept
        floor from g
        floor from n
        """,
    "a-failed-check-without-a-map": """
        08-map-of-errors: in the output delta
        08-map-of-errors: in the slope of the activation
        08-map-of-errors: in the update of the biases
        """,
    "a-kink-taken-for-a-bug": """
        backpropagation has a bug in ReLU's derivative
        rounding: the step was too small
        the step was too large, and truncation spoils it
        """,
    "statistics-taken-for-constants": """
        statistics as constants
        the mean's term
        the deviation's term
        r as a constant
        that of β times γ / s
        """,
    "mask-drawn-anew": """
        drawn anew
        no mask on the way back
        11-dropout_pair: not scaled
        scaled once
        """,
    "a-bound-taken-for-a-forecast": """
        it explodes
        it explodes if the sequence is long enough
        """,
    "a-cut-that-only-slows-down": """
        learn it, only more slowly
        learn it, since the state is handed on
        learn it, if the learning rate is larger
        """,
    "kernel-turned-round": """
        kernel flipped
        kernel turned round
        kernel not flipped
        """,
    "mask-after-the-softmax": """
        mask after softmax
        score 0
        """,
    "an-array-with-two-names": """
        kept by reference
        two names, one array
        """,
    "a-forward-pass-too-old": """
        no new forward pass
        old weights
        """,
    "schedule-in-the-wrong-unit": """
        one count for both
        rate for each part
        """,
    "penalty-in-the-loss-alone": """
        not in the gradient
        not in the loss
        twice in the gradient
        no half in the loss
        """,
    "each-set-scaled-by-itself": """
        each by its own
        own deviation
        own mean
        both together
        other left alone
        test's numbers
        """,
    "bytes-that-wrap": """
        8 bits
        pixels with a sign
        """,
    "accuracy-where-one-class-is-rare": """
        noes for each yes
        the other class
        """,
}
"""Id -> names of mistakes, one per line.

A name stands for every mistake that is so called, in exercises still to come, too; after an
exercise's id and a colon, for that exercise's alone, and this weighs more. Of a `Choice`, the
name is the text of the wrong option.
"""


def names_in(exercise: Exercise) -> list[str]:
    """Return the names of an exercise's mistakes; of a choice, the texts of its wrong options."""
    if isinstance(exercise, Choice):
        return [option.text for option in exercise.wrong]
    return [mistake.name for mistake in exercise.mistakes]


def misconceptions(named: Mapping[str, str] = NAMED) -> dict[str, str]:
    """Return the table turned round: name, or exercise and name -> id.

    Raises
    ------
    ValueError
        A name stands under two ids.

    Examples
    --------
    >>> misconceptions()["no slope"], misconceptions()["03-output_delta: half"]
    ('left-out-slope', 'two-of-the-square')
    """
    table: dict[str, str] = {}
    for misconception, lines in named.items():
        for name in filter(None, map(str.strip, lines.splitlines())):
            if name in table:
                raise ValueError(
                    f"{name!r} stands under {table[name]!r} and under {misconception!r}; "
                    "write it with an exercise's id and a colon under one of the two"
                )
            table[name] = misconception
    return table


def misconception(exercise: Exercise, name: str) -> str | None:
    """Return the id of the misconception behind a mistake of an exercise, if it is in the table.

    Of two mistakes at once, "no slope + sign", that of the first that has one.

    >>> from pybackprop.course.exercises import EXERCISES
    >>> misconception(EXERCISES["03-hidden-delta"], "no slope")
    'left-out-slope'
    """
    table = misconceptions()
    for part in (name, *name.split(" + ")):
        if behind := table.get(f"{exercise.id}: {part}", table.get(part)):
            return behind
    return None


def named_in(exercises: Iterable[Exercise]) -> dict[str, dict[str, list[str]]]:
    """Return id of a misconception -> id of an exercise -> names of the mistakes it has there."""
    found: dict[str, dict[str, list[str]]] = {name: {} for name in NAMED}
    for exercise in exercises:
        for name in names_in(exercise):
            if behind := misconception(exercise, name):
                found[behind].setdefault(exercise.id, []).append(name)
    return found
