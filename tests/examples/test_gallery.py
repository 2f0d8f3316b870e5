"""The gallery: each script makes its picture from the saved fit, and the page of the guide shows each of them."""

import runpy
from pathlib import Path

import pytest
from matplotlib import image, pyplot

import bayeslaw as bl
from bayeslaw.fitting.facade import Fit

FOLDER = Path(__file__).parents[2] / "examples" / "gallery"
MAKER = "make_fit.py"
PICTURES = sorted(path.name for path in FOLDER.glob("*.py") if path.name != MAKER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, forge_at_random):
    """A folder with a fit of some models of the gallery, whose draws were not sampled: right in form alone."""
    runs = bl.load_dataset("small-finetune").for_task("python").where("data <= 3200")
    runs = runs.where_rows(runs.table["model"].isin(runs.models[:5]).to_numpy(), "one of the others")
    place = tmp_path_factory.mktemp("gallery")
    Fit(forge_at_random(runs, draws=80, scale=0.2)).save(place / "fit.nc")
    return place


@pytest.mark.fits
@pytest.mark.parametrize("script", PICTURES)
def test_every_script_makes_its_picture(script, folder, monkeypatch):
    monkeypatch.chdir(folder)
    runpy.run_path(str(FOLDER / script), run_name="__main__")
    drawn = image.imread(folder / script.replace(".py", ".png"))
    assert min(drawn.shape[:2]) > 200
    assert drawn[..., :3].std() > 0.02
    pyplot.close("all")


def test_the_page_shows_every_script():
    page = (FOLDER.parent / "guide" / "gallery.md").read_text(encoding="utf-8")
    assert all(f"](../gallery/{script})" in page for script in [MAKER, *PICTURES])
