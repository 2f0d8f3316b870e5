"""The tables of each answer, as the terminal, Markdown and the report show them."""

from functools import singledispatch

from rich.table import Table

from bayeslaw.answers.chain import ChainPrediction
from bayeslaw.answers.compromise_result import Compromise
from bayeslaw.answers.crossing import Crossing
from bayeslaw.answers.next_runs import NextRuns
from bayeslaw.answers.optimum import Optimum
from bayeslaw.answers.parameters import Parameters
from bayeslaw.answers.prediction import Prediction
from bayeslaw.answers.reliability import Reliability
from bayeslaw.answers.selection import Selection
from bayeslaw.answers.speedup import Speedup
from bayeslaw.answers.track_result import Track
from bayeslaw.campaign.history import Campaign
from bayeslaw.evidence.comparison.compare import Comparison
from bayeslaw.evidence.last_third import LastThird
from bayeslaw.evidence.replay.replay import Replay
from bayeslaw.evidence.reproduction.reproduce import Reproduction
from bayeslaw.evidence.sensitivity import Sensitivity
from bayeslaw.fitting.many import ManyFits
from bayeslaw.results import Result
from bayeslaw.views import text
from bayeslaw.views.campaign_text import steps_table
from bayeslaw.views.compromise_text import compromise_table
from bayeslaw.views.evidence_text import reproduction_table
from bayeslaw.views.last_third_text import last_third_table
from bayeslaw.views.many_text import fits_table
from bayeslaw.views.next_text import next_runs_table
from bayeslaw.views.replay_text import replay_tables
from bayeslaw.views.sensitivity_text import sensitivity_tables
from bayeslaw.views.track_text import track_tables


@singledispatch
def tables_of(result: Result) -> list[Table]:
    """The tables of an answer; of one that has none of its own, its checks."""
    return [text.checks_table(result.checks)]


@tables_of.register
def _(result: Selection) -> list[Table]:
    return [text.selection_table(result, limit=len(result.candidates))]


@tables_of.register
def _(result: Prediction) -> list[Table]:
    return [text.predictions_table(result)]


@tables_of.register
def _(result: ChainPrediction) -> list[Table]:
    return [text.predictions_table(result), text.predictions_table(result.losses)]


@tables_of.register
def _(result: Optimum) -> list[Table]:
    return text.optimum_tables(result)


@tables_of.register
def _(result: Crossing) -> list[Table]:
    return [text.crossing_table(result)]


@tables_of.register
def _(result: Parameters) -> list[Table]:
    priors = None if result.prior is None else [result.prior_interval(record) for record in result.records]
    return [text.parameters_table(result.records, priors)]


@tables_of.register
def _(result: Comparison) -> list[Table]:
    return [text.comparison_table(result)]


@tables_of.register
def _(result: Sensitivity) -> list[Table]:
    return sensitivity_tables(result)


@tables_of.register
def _(result: LastThird) -> list[Table]:
    return [last_third_table(result)]


@tables_of.register
def _(result: NextRuns) -> list[Table]:
    return [next_runs_table(result, limit=len(result.runs))]


@tables_of.register
def _(result: Replay) -> list[Table]:
    return replay_tables(result)


@tables_of.register
def _(result: Speedup) -> list[Table]:
    return [text.speedup_table(result)]


@tables_of.register
def _(result: Reproduction) -> list[Table]:
    return [reproduction_table(result)]


@tables_of.register
def _(result: ManyFits) -> list[Table]:
    return [fits_table(result)]


@tables_of.register
def _(result: Campaign) -> list[Table]:
    return [steps_table(result)]


@tables_of.register
def _(result: Track) -> list[Table]:
    return track_tables(result)


@tables_of.register
def _(result: Compromise) -> list[Table]:
    return [compromise_table(result, limit=len(result.candidates))]


@tables_of.register
def _(result: Reliability) -> list[Table]:
    return [text.reliability_table(result)]
