"""Mistakes that people typically make on the command line: one message each, which tells them all they need.

What was found, what was expected, what is near it, and what to do; nothing is fitted, nothing is written, and the exit
status is 2.
"""

import pytest
from command_line import run

from bayeslaw.fitting.facade import Fit

SIZES = (200, 400, 800, 1600)
TABLES = {
    "runs.csv": "model,family,data,loss\n"
    + "".join(
        f"{m},{m[:3]},{n},{(3 + i) * n**-0.1:.4f}\n" for i, m in enumerate(("gpt2", "bert", "t5")) for n in SIZES
    ),
    "tasks.csv": "model,task,data,loss\n"
    + "".join(f"{m},{t},{n},{3 * n**-0.1:.4f}\n" for t in ("xsum", "flan") for m in ("gpt2", "bert") for n in SIZES),
    "grid.csv": "params,tokens,loss\n1e8,1e9,3.7\n1e8,4e9,3.3\n2e8,1e9,3.6\n2e8,4e9,3.2\n",
    "pythia.csv": "model,params,tokens,loss\n"
    + "".join(
        f"{m},{n},{t},{3 - t / 1e11:.3f}\n" for m, n in (("70m", 7e7), ("1b", 1e9)) for t in (1e9, 2e9, 3e9, 4e9)
    ),
    "bad.csv": "model,params,tokens,loss\na,7B,oops,2\nb,x,1e9,-2\n,7B,1e9,nan\n",
    "misspelt.csv": "model,exmples,los\na,100,3\n",
    "millions.csv": "params,tokens,loss\n73.5,3.1,3.4\n139.7,8.2,3.0\n",
    "steps.csv": "model,step,loss\na,100,3\na,200,2.8\n",
    "methods.csv": "model,method,data,loss\n"
    + "".join(f"a,{m},{n},{k * n**-0.1:.4f}\n" for m, k in (("lora", 4), ("full", 3)) for n in SIZES),
    "commas.csv": "model;data;loss\na;100;3,5\na;200;3.1\n",
    "empty.csv": "",
    "scores.csv": "model,tokens,accuracy\na,1e9,61\na,2e9,0.63\na,4e9,0.66\na,8e9,0.7\n",
    "perplexities.csv": "model,data,perplexity\n"
    + "".join(f"{m},{n},{60 * n**-0.1:.4f}\n" for m in ("gpt2", "bert") for n in SIZES),
    "units.csv": "model,task,data,perplexity\n"
    + "".join(f"{m},{t},{n},{60 * n**-0.1:.4f}\n" for t in ("a b", "flan") for m in ("gpt2", "bert") for n in SIZES),
    "sizes.csv": "params,tokens,loss\n" + "".join(f"{n}e8,{d}e9,{3 / n:.3f}\n" for n in (1, 2, 4) for d in (1, 4)),
    "chain.csv": "model,model_loss,accuracy\na,3.1,0.3\nb,2.9,0.35\n",
    "mapped.csv": "model,tokens,val_loss,accuracy\n"
    + "".join(f"{m},{n},{4 * n**-0.02:.3f},{n**0.02 - 1:.3f}\n" for m in ("a", "b") for n in (1e9, 2e9, 4e9, 8e9)),
    "holes.csv": "model,tokens,model_loss,accuracy\na,1e9,3.1,.4\na,2e9,,.45\na,4e9,2.9,.5\n",
    "wrong.csv": "model,tokens,error_rate\na,1e9,.61\na,2e9,.57\na,4e9,.53\na,8e9,.5\n",
    "sparse.csv": "model,params,tokens,sparsity,loss\na,1e8,1e9,.5,3.1\na,1e8,2e9,.5,3\n",
    "bits.csv": "model,params,tokens,Pw,loss\na,1e8,1e9,4,3.1\na,1e8,2e9,8,3\n",
    "twice.csv": "model,loss,data,loss\na,3.1,100,3\n",
}
AT = ("--at", "data=1M")

MISTAKES = [
    # files
    (("read", "rusn.csv"), ["rusn.csv: there is no such file", "Did you mean 'runs.csv'?", "Check the path"]),
    (("predict", "fot.nc", *AT), ["fot.nc: there is no such file", "Did you mean 'fit.nc'?", "saved with -o"]),
    (("read", "empty.csv"), ["empty.csv: the file is empty", "expected a header and one row a run"]),
    (("read", "misspelt.csv"), ["no column of losses", "is it 'los'?", "is it 'exmples'?", "--as COLUMN=loss"]),
    (("read", "commas.csv"), ["row 1, column 'loss'", "'3,5'", "Write decimals with a point"]),
    (
        ("fit", "bad.csv"),
        ["4 problems", "row 2, column 'params': found 'x'", "row 1, column 'tokens': found 'oops'",
         "row 2, column 'loss': found '-2'", "row 3, column 'model'", "where=\"model != ''\""],
    ),
    (("fit", "millions.csv"), ["'params'", "73.5", "--as params=params:M", "--as tokens=tokens:B"]),
    (("fit", "steps.csv"), ["counts steps", "--as step=tokens:TOKENS_A_STEP", "--tokens-per-step"]),
    (("select", "methods.csv", *AT), ["differ in column 'method'", "1.33 times apart", "--as method=variant"]),
    (("fit", "scores.csv"), ["found 61", "most numbers are shares", "--as accuracy=accuracy:share"]),
    (
        ("read", "chain.csv"),
        ["no column of data sizes", "--as COLUMN=data", "scores that follow from the loss", "--as accuracy=accuracy"],
    ),
    (("read", "twice.csv"), ["twice.csv", "'loss'", "2 times"]),
    (("fit", "fit.nc"), ["fit.nc: found a saved fit, expected runs", "Give it to predict"]),
    (("check", "runs.csv"), ["runs.csv: not a netCDF file", "a table of runs: fit that first"]),
    (("crossing", "runs.csv", "gpt2", "brt"), ["no model 'brt'", "There are: "]),
    # columns and rows
    (("fit", "runs.csv", "--as", "data"), ["--as 'data' is not understood", "Expected COLUMN=ROLE", "size=params:M"]),
    (("fit", "runs.csv", "--as", "dat=tokens"), ["no column 'dat'", "did you mean 'data'?", "The columns are"]),
    (("fit", "runs.csv", "--as", "data=tokns"), ["no role 'tokns'", "Did you mean 'tokens'?", "Use one of"]),
    (("fit", "runs.csv", "--where", "famly == 'GPT'"), ["no column 'famly'", "Did you mean 'family'?", "Put text in"]),
    (("fit", "runs.csv", "--where", "model == 'gtp2'"), ["none of the 12 rows", "Did you mean 'gpt2'?", "Loosen it"]),
    (("fit", "runs.csv", "--where", "model = 'gpt2'"), ["not an expression", "equality is written =="]),
    (("fit", "runs.csv", "--tokens-per-step", "512"), ["no column of steps", "--as COLUMN=tokens:512"]),
    # laws and priors
    (("fit", "runs.csv", "--law", "chinchila"), ["no law 'chinchila'", "Did you mean 'chinchilla'?", "Use one of"]),
    (("fit", "runs.csv", "--law", "chinchilla"), ["needs 'params'", "Laws that this table can feed: ", "rectified"]),
    (("optimum", "runs.csv", "--compute", "1e21"), ["needs 'params'", "Laws that this table can feed"]),
    (
        ("fit", "runs.csv", "--prior", "finetune-los"),
        ["no released prior 'finetune-los'", "Did you mean 'finetune-loss-v1'?", "A file of your own ends in"],
    ),
    (
        ("fit", "mapped.csv", "--law", "loss_to_error"),
        ["needs 'model_loss'", "--as COLUMN=accuracy and --as COLUMN=model_loss"],
    ),
    (("fit", "holes.csv", "--law", "loss_to_score"), ["Row 2 has no model_loss", '--where "model_loss > 0"']),
    (("fit", "wrong.csv", "--as", "error_rate=accuracy"), ["wrong answers by its name", "error_rate=accuracy:error"]),
    (("fit", "wrong.csv", "--as", "error_rate=Accuracy"), ["wrong answers by its name", "error_rate=accuracy:error"]),
    (("fit", "sparse.csv", "--law", "sparsity"), ["needs 'density'", "make a column density, which is 1 - sparsity"]),
    (("fit", "runs.csv", "--law", "mixture"), ["the mixture law needs 'share_", "--law 'mixture(COLUMN+OTHER)'"]),
    (("fit", "bits.csv", "--law", "precision"), ["needs 'weight_bits'", "--law 'precision(COLUMN)'"]),
    (
        ("fit", "bits.csv", "--law", "precision", "--as", "Pw=weight_bits"),
        ["no role 'weight_bits'", "read by its own name", "rename 'Pw' to that"],
    ),
    # points, tasks, names
    (("select", "runs.csv"), ["Missing option '--at'", "such as data=1.6M"]),
    (("select", "runs.csv", "--at", "1.6M"), ["'1.6M' is not understood", "Expected name=value", "--at data="]),
    (("select", "runs.csv", "--at", "dta=1.6M"), ["no covariate 'dta'", "Did you mean 'data'?"]),
    (("select", "runs.csv", "--at", "data=lots"), ["'lots' is not a number", "Expected something like 1638400"]),
    (("select", "runs.csv", "--at", "data=-5"), ["data=-5", "must be a positive number"]),
    (("select", "runs.csv", "--at", "data=100"), ["below the data", "data=1600 or beyond", "give a larger target"]),
    (
        ("predict", "pythia.csv", "--at", "step=10000"),
        ["no covariate 'step'", "it has data", "--tokens-per-step 524288", "10,000 steps", "--at tokens=5.243e+09"],
    ),
    (("compare", "pythia.csv", "--at", "steps=1k"), ["'steps'", "--tokens-per-step 524288", "--at tokens=5.243e+08"]),
    (("predict", "pythia.csv", "--at", "N=7B,D=1T"), ["the rectified law is of data", "Name a law", "chinchilla"]),
    (
        ("select", "tasks.csv", *AT),
        ["2 tasks: xsum, flan", "--task", "--weights xsum=1,flan=1", "--threshold 'loss:xsum<=VALUE'"],
    ),
    (("select", "units.csv", *AT), ["2 tasks: a b, flan", "--weights 'a b=1,flan=1'", "'perplexity:a b<=VALUE'"]),
    (("select", "tasks.csv", *AT, "--task", "xsm"), ["no task 'xsm'", "Did you mean 'xsum'?", "The tasks are"]),
    (
        ("select", "perplexities.csv", *AT, "--threshold", "loss<=12"),
        ["loss<=12", "its losses as perplexity", "fitted as nats", "'perplexity<=12' or 'nats<=12'"],
    ),
    (("crossing", "fit.nc", "a", "bb"), ["no model 'bb'", "Did you mean 'b'?", "There are: a, b, c"]),
    (("optimum", "grid.csv", "--compute", "1e21FLOP"), ["'1e21FLOP' is not a number", "something like 5.88e23"]),
    (
        ("optimum", "grid.csv", "--compute", "5 PFLOP-days"),
        ["'5 PFLOP-days' is not a number", "It is 4.32e+20 FLOP", "--compute 4.32e+20"],
    ),
    # what may be chosen, and charges
    (("select", "runs.csv", *AT, "--where-final", "famly == 'GPT'"), ["no column 'famly'", "Did you mean 'family'?"]),
    (("select", "runs.csv", *AT, "--where-final", "family == 'x'"), ["leaves none of 3 candidates", "Loosen it"]),
    (("select", "runs.csv", *AT, "--charge", "gtp2=.1"), ["no model 'gtp2'", "Did you mean 'gpt2'?"]),
    (("select", "runs.csv", *AT, "--charge", "0.1 * rnk"), ["no column 'rnk'", "The columns are"]),
    (
        ("select", "pythia.csv", "--at", "tokens=1e10", "--charge", "params=1e-9"),
        ["'params' a number, and 'params' is a column", "such as '1e-09 * params'", "70m"],
    ),
    # comparisons
    (("compare", "runs.csv", "--law", "vanilla"), ["two or more different laws, found vanilla", "can feed: "]),
    (("compare", "runs.csv", "--law", "vanilla", "--law", "chinchilla"), ["chinchilla law needs 'params'"]),
    (("compare", "runs.csv", "--law", "vanilla, chinchilla(alpha=beta)"), ["law needs 'params'"]),
    (("compare", "runs.csv", "--law", "vanilla(data, link=identity) , chinchilla"), ["(link=identity) law of loss"]),
    (("compare", "runs.csv", "--law", " vanilla,mine.py"), ["code in mine.py,", "mine.py: there is no such file"]),
    (
        ("compare", "sizes.csv", "--law", "chinchilla,additive"),
        ["no task has more than", "Hold out along another column, --along params"],
    ),
    (("compare", "grid.csv", "--law", "chinchilla,additive"), ["no task has more than", "can be held out. Add runs"]),
    # options
    (("selct", "runs.csv", *AT), ["No such command 'selct'", "Did you mean 'select'?"]),
    (("select", "runs.csv", *AT, "--jsn"), ["No such option", "--jsn", "--json"]),
    (("select", "runs.csv", *AT, "--risk", "average"), ["--risk 'average'", "expected one of mean, cvar90"]),
    (("select", "runs.csv", *AT, "-o", "fit.pkl"), ["fit.pkl: the suffix '.pkl' is not known", "Use one of .nc"]),
    (("select", "runs.csv", *AT, "--plot", "x.jpg"), ["the suffix '.jpg' is not known", "Use one of .png"]),
    (("select", "runs.csv", *AT, "--report", "out/x.html"), ["there is no folder out", "Make it"]),
    (("select", "runs.csv", *AT, "--json", "--csv"), ["--json and --csv are given together", "Leave one"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory, three_models, forge_at_random):
    """A folder of tables, and a fit that was not sampled."""
    place = tmp_path_factory.mktemp("mistakes")
    for name, text in TABLES.items():
        (place / name).write_text(text)
    Fit(forge_at_random(three_models, draws=40)).save(place / "fit.nc")
    return place


@pytest.mark.core
@pytest.mark.fits
@pytest.mark.parametrize(("command", "fragments"), MISTAKES, ids=[" ".join(command) for command, _ in MISTAKES])
def test_a_mistake_is_told_in_one_message(capsys, folder, monkeypatch, command, fragments):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    status, out, err = run(capsys, *command)
    assert (status, sorted(folder.iterdir())) == (2, before)
    told = " ".join((out if command[0] == "read" else err).split()) + " ".join(err.split())
    for fragment in fragments:
        assert fragment.casefold() in told.casefold()
    assert "Traceback" not in err
    assert err.count("bayeslaw: ") + err.count("Error: ") == 1
    assert "compiling" not in err
