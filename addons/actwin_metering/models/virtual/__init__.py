from . import formula, formula_input, formula_rollup, rollup, channel
