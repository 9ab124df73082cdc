"""The ratios that book/engine.md quotes, each measured against its peers in the same run.

``python -m benchmarks`` lists them; ``python -m benchmarks steps`` prints one table.
"""
