"""Logs that were resumed, and go on with other steps."""

import pandas as pd
import pytest

from bayeslaw.runs import read_runs


@pytest.mark.parametrize("every", [100, 250, 300])
def test_a_log_that_goes_on_with_other_steps_after_it_was_resumed_counts_each_stretch_once(every):
    first, second = list(range(100, 2001, 100)), list(range(1750, 4001, every))
    frame = pd.DataFrame({"step": [*first, *second], "eval_loss": [5 * step**-0.1 for step in (*first, *second)]})
    runs = read_runs(frame.assign(run="a"), roles={"step": "tokens:1000"})
    assert runs.table["tokens"].tolist() == [1000.0 * step for step in (*first[:17], *second)]
    assert {out.reason.partition(":")[0] for out in runs.left_out} == {"run again after the log was resumed"}


def test_two_seeds_at_other_sizes_are_no_log_that_was_resumed():
    sizes = [100, 200, 400, 800, 150, 300, 600, 1200]
    frame = pd.DataFrame({"model": "a", "data": sizes, "loss": [5 * size**-0.1 for size in sizes]})
    assert len(read_runs(frame).table) == 8
