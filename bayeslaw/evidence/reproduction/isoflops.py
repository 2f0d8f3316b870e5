"""Studies at equal budgets, of which papers' conclusions about the best split of compute can be asked."""

from dataclasses import dataclass

from bayeslaw.evidence.reproduction.least_squares import parabolas
from bayeslaw.evidence.reproduction.paper import Quantity, Source, Study


@dataclass(frozen=True)
class IsoFlops:
    """Runs on one corpus at several budgets.

    Attributes
    ----------
    name : str
    corpus : str
        As the table calls it.
    budget : float
        The largest, in FLOP.
    """

    name: str
    corpus: str
    budget: float

    def asked(self, *quantities: Quantity) -> Study:
        """The study, of which something is asked; the points that its collectors set aside are left out."""
        where = f"dataset == '{self.corpus}' and reason == 'none'"
        return Study(Source("pretrain/isoflops.csv", "chinchilla", where=where), quantities, parabolas)


STUDIES = (
    IsoFlops("Marin comma", "comma", 3e20),
    IsoFlops("Marin dclm", "dclm", 3e20),
    IsoFlops("Marin nemotron", "nemotron", 3e20),
    IsoFlops("FineWeb-C4", "fineweb_c4", 1.1e19),
)
"""The three corpora of Marin, and a grid on FineWeb-C4, as collected in Open-Athena's scaling-law-analysis."""
