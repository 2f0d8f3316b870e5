"""Default priors of ceilings, noise and departures of scores."""

from dataclasses import dataclass

from bayeslaw.kinds.shared.scales import LogNormal, Normal


@dataclass(frozen=True)
class ScorePriors:
    """Priors of what scores have beside their law: ceiling, chance and noise of a task, the others of all tasks.

    Skill is on the scale of ``link``.

    Attributes
    ----------
    ceiling : Normal
        Place of the score that unlimited skill approaches, on the logistic scale between .8 of the way from chance to 1
        and all of it. The key of a test has wrong answers.
    chance : Normal
        Logit of the score of a model without skill, where the table does not say what guessing reaches.
    near_chance : Normal
        Logit of that score less the logit of what guessing reaches, where the table says that: models without skill
        do not guess, but prefer short or frequent answers, which are right more or less often.
    noise : LogNormal
        Scatter of checkpoints beyond that of a test of finitely many questions: its standard deviation over
        sqrt(p (1 - p)). Its square is the intraclass correlation of a beta-binomial distribution.
    model_sd, offset_sd : LogNormal
        Standard deviations of how much better a model is than its size says: on all tasks together, and on one task.
    family_sd, family_offset_sd : LogNormal
        The same of families.
    common_rate, size_rate, own_rate : LogNormal
        Rates at which skill departs from the law along the axis, the standard deviation of the change over one e-fold:
        of all models of a task together; of what grows with model size, as of `levelling_size`; and of one model.
    """

    ceiling: Normal = Normal(1.0, 1.0)
    chance: Normal = Normal(-1.4, 1.0)
    near_chance: Normal = Normal(0.0, 0.25)
    noise: LogNormal = LogNormal(0.02, 1.0)
    model_sd: LogNormal = LogNormal(0.1, 0.7)
    offset_sd: LogNormal = LogNormal(0.15, 0.8)
    family_sd: LogNormal = LogNormal(0.3, 0.7)
    family_offset_sd: LogNormal = LogNormal(0.2, 0.7)
    common_rate: LogNormal = LogNormal(0.15, 0.7)
    size_rate: LogNormal = LogNormal(0.08, 0.7)
    own_rate: LogNormal = LogNormal(0.08, 0.7)
