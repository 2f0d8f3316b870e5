"""Chen et al. 2025: the parallel law, on code and on text.

All models saw the same amount of data. Published to two digits or so.
"""

from bayeslaw.evidence.reproduction.paper import Paper, Quantity, Source, Study, coefficient


def _corpus(name: str, E: float, alpha: float, k: float) -> Study:
    source = Source("pools/parallel.csv", "parallel", where=f"family == '{name}'")
    published = {"E": E, "alpha": alpha, "k": k}
    quantities: tuple[Quantity, ...] = tuple(coefficient(p, v, label=f"{p}, {name}") for p, v in published.items())
    return Study(source, quantities)


PAPER = Paper(
    name="chen2025",
    source="Chen et al. 2025, arXiv 2505.10475",
    studies=(_corpus("stack", 0.69, 0.19, 0.39), _corpus("pile", 1.29, 0.20, 0.33)),
)
