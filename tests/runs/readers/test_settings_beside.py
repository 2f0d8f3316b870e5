"""Settings that lie beside the logs of runs, as Lightning and Hydra leave them there."""

import pytest

from bayeslaw.runs import read_runs
from bayeslaw.runs.reading import understand

LIGHTNING = "version_0/metrics.csv", "version_0/hparams.yaml"
HYDRA = "csv/version_0/metrics.csv", ".hydra/config.yaml"
SETTINGS = """# of a run
model:
  name: gpt
  n_params: {params}
  layers: [1, 2]
data:
  name: c4
  seq_len: 1024   # tokens
  total_tokens: 3e9
image:
  size: 100000
optimizer:
  params: 100000
group: trackers
optim: {{lr: 1}}
batch_size: '8'
"""


def study(folder, log, settings, params=(7e7, 1.6e8)):
    for run, count in enumerate(params):
        (path := folder / str(run) / log).parent.mkdir(parents=True)
        path.write_text("step,val_loss\n" + "".join(f"{step},{4 - run / 9 - step / 900}\n" for step in (100, 200, 300)))
        (file := folder / str(run) / settings).parent.mkdir(parents=True, exist_ok=True)
        file.write_text(SETTINGS.format(params=int(count)))


@pytest.mark.parametrize(("log", "settings"), [LIGHTNING, HYDRA])
def test_parameters_and_batches_beside_logs_are_read_and_nothing_that_may_be_of_anything(tmp_path, log, settings):
    study(tmp_path, log, settings)
    found = understand(tmp_path)
    assert sorted(found.table.groupby("model")["params"].first()) == [7e7, 1.6e8]
    assert "family" not in {column.role for column in found.columns}
    assert "tokens" not in found.table  # the total of a run is no size of its checkpoints
    assert found.questions[0].options[:2] == ("step=data:8", "step=tokens:8192")
    assert any("'model.n_params', 'data.seq_len', 'batch_size'" in note for note in found.notes)
    assert read_runs(tmp_path, roles={"steps": "tokens:8192"}).table["tokens"].max() == 300 * 8192


def test_settings_of_a_study_are_not_those_of_each_run_and_those_of_a_log_come_first(tmp_path):
    study(tmp_path, "metrics.csv", "notes/config.yaml")
    (tmp_path / "config.yaml").write_text("n_params: 1000000\n")
    assert "params" not in understand(tmp_path).table
    (tmp_path / "0" / "other.csv").write_text("step,val_loss\n100,3\n200,2.9\n")
    (tmp_path / "0" / "config.yaml").write_text("n_params: 1000000\n")
    assert "params" not in understand(tmp_path).table
    (tmp_path / "0" / "other.csv").unlink()
    for run in range(2):
        path = tmp_path / str(run) / "metrics.csv"
        path.write_text(path.read_text().replace("\n", ",5e8\n").replace("val_loss,5e8", "val_loss,params"))
        (tmp_path / str(run) / "config.yaml").write_text("n_params: 1000000\n")
    assert set(understand(tmp_path).table["params"]) == {5e8}


def test_settings_that_one_of_the_runs_lacks_are_not_taken(tmp_path):
    study(tmp_path, *LIGHTNING)
    (tmp_path / "1" / LIGHTNING[1]).write_text("lr: 0.1\nbatch_size: 8\nmodel:\n  n_params: null\n")
    found = understand(tmp_path)
    assert "params" not in found.table
    assert set(found.table["batch_size"]) == {8}


@pytest.mark.parametrize("line", ["size: 100000", "image:\n  size: 100000", "optimizer:\n  params: 100000"])
def test_sizes_of_anything_else_are_no_parameters(tmp_path, line):
    study(tmp_path, *LIGHTNING)
    for run in range(2):
        (tmp_path / str(run) / LIGHTNING[1]).write_text(f"{line}\nlr: 0.1\n")
    found = understand(tmp_path)
    assert "params" not in found.table
    assert set(found.table["lr"]) == {0.1}


def test_a_comment_begins_behind_a_blank(tmp_path):
    study(tmp_path, *LIGHTNING)
    for file in tmp_path.rglob("hparams.yaml"):
        file.write_text("model:\n  n_params: 70000000  # in all\nseed: a#2 # the second\n")
    assert read_runs(tmp_path, roles={"step": "data"}).table["seed"].unique().tolist() == ["a#2"]
