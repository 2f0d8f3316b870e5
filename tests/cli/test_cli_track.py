"""The command that tracks a run."""

import numpy as np
import pandas as pd
from command_line import run


def test_checkpoints_that_are_not_used_are_told_before_anything_is_sampled(capsys, tmp_path):
    tokens = np.arange(1, 61) * 1e9
    losses = pd.DataFrame({"model": "run", "params": 1e9, "tokens": tokens, "loss": 2 + (tokens / 1e9) ** -0.3})
    losses.to_csv(tmp_path / "log.csv", index=False)
    losses.assign(model="sibling", params=1e8).to_csv(tmp_path / "siblings.csv", index=False)
    asked = ("--siblings", tmp_path / "siblings.csv", "--at", "tokens=1e11", "--threshold", "accuracy>=.5")
    status, out, err = run(capsys, "track", tmp_path / "log.csv", *asked)
    assert (status, out) == (2, "")
    assert "between the 24 checkpoints of a model that are used" in err
