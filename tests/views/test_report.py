"""The report: one page that stands alone, whatever names the runs have."""

import base64
import itertools
import math
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from chromium import browser, tab
from matplotlib.figure import Figure

from bayeslaw.answers.advice import advise
from bayeslaw.answers.replications import replications
from bayeslaw.answers.risk import pairwise
from bayeslaw.answers.selection import select
from bayeslaw.errors import OutputError
from bayeslaw.evidence.reproduction.reproduce import Reproduction, Row
from bayeslaw.evidence.sensitivity import sensitivity
from bayeslaw.fitting.facade import Fit
from bayeslaw.runs import LeftOut, read_runs
from bayeslaw.views.names import short_names
from bayeslaw.views.numbers import chance, fixed
from bayeslaw.views.report import answers as answers_of_report
from bayeslaw.views.report import page as page_of_report
from bayeslaw.views.report.answers import changes_of, elsewhere, facts_of, question_of
from bayeslaw.views.report.page import report_html, write_report
from bayeslaw.views.report.pictures import inline
from tests.views import by_hand

NAMES = ("<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "{{ 7 * 7 }}", "https://example.com/model-1",
         "plain & simple", "モデル-七", "a/b")  # fmt: skip
"""Names that would be markup, a template or a link if they were not escaped."""

COMMAND = "bayeslaw select 'runs <1>.csv' --at data=16k --report page.html"
VOID = {"meta", "link", "img", "input", "br", "hr"}
LIMIT = 2_000_000


class Page(HTMLParser):
    """A page taken apart: a parser that accepts no element that is left open or closed twice."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.text, self.cells = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute of <{tag}> twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "script" not in self.open and "style" not in self.open:
            self.text.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data

    def __contains__(self, words):
        return " ".join(words.split()) in " ".join(" ".join(self.text).split())

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]


@pytest.fixture(scope="module")
def fitted(fit_simulated):
    return fit_simulated(NAMES, (1000, 2000, 4000))


@pytest.fixture(scope="module")
def html(fitted):
    return report_html([fitted.select(data=16000.0)], fitted.posterior, command=COMMAND)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_page_is_well_formed_and_its_links_lead_somewhere(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    links = [attributes["href"] for attributes in page.all("a")]
    assert links
    assert all(link[0] == "#" and link[1:] in ids for link in links)
    assert [tag for tag, _ in page.elements[:3]] == ["html", "head", "meta"]
    assert all(attributes["alt"] for attributes in page.all("img"))


def test_names_are_text_and_nothing_else(page, html):
    assert len(page.all("script")) == 1
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "7 * 7" in html
    for name in NAMES[:-1]:
        assert any(name.rpartition("/")[2] in cell for cell in page.cells), name


def test_nothing_is_fetched(html, page):
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data"):
            if name in attributes:
                assert attributes[name].startswith(("#", "data:")), (tag, attributes[name][:80])
    assert "url(" not in html
    assert "@import" not in html


def test_the_page_is_small(html):
    assert len(html.encode()) < LIMIT


def test_the_page_tells_the_answer_and_what_is_behind_it(page, fitted):
    selection = fitted.select(data=16000.0)
    assert selection.sentence in page
    for word in ("What would change it", "90% interval of the loss", "to be the best of 7", "prior median", COMMAND):
        assert word in page
    assert fitted.posterior.settings["runs_sha256"] in page
    assert fitted.posterior.settings["versions"]["jax"] in page
    assert replications(fitted.posterior).sentence in page
    assert "No row was left out" in page
    assert "more that are not shown here" not in page
    assert len(page.all("img")) == 4


def test_checks_that_did_not_pass_come_first_with_their_remedies(fitted, page):
    (bad,) = [check for check in fitted.posterior.checks if check.name == "ess_bulk"]
    assert bad.status == "REVIEW"
    assert f"What to do: {bad.remedy}" in page
    names = [check.name for check in fitted.posterior.checks if check.status == "PASS"]
    text = " ".join(page.text)
    assert text.index("What to do") < text.index(f"{names[0]} ")


def test_a_check_that_failed_is_not_hidden_by_one_of_that_name_in_a_later_answer(fitted):
    near, far = fitted.select(data=4000.0), fitted.select(data=1e12)
    shown = page_of_report._checks_of([far, near])
    (named,) = [check.name for check in far.checks if check.status == "FAIL" and check not in near.checks]
    assert [check.status for check in shown if check.name == named] == ["FAIL", "PASS"]
    assert shown[0].status == "FAIL"
    assert len(page_of_report._checks_of([near, near])) == len(near.checks)


@pytest.fixture(scope="module")
def known(three_models, forge_at_random):
    """A fit that was not sampled; its choice is made with draws given by each test."""
    return Fit(forge_at_random(three_models, draws=40))


def test_what_would_change_a_choice_counts_charges(known):
    losses = np.tile([2.0, 1.9, 2.5], (10, 1))
    losses[:2, 2] = 1.0
    plain = known.select(data=3200.0)
    named = [replace(c, charge=charge) for c, charge in zip(plain.candidates, (0.0, 0.3, 0.5), strict=True)]
    beats = pairwise(losses - losses.min() + np.array([0.0, 0.3, 0.5]))
    charged = replace(plain, candidates=tuple(named), values=losses, beats=beats)
    best, _, third = (c.model for c in named)
    says = f"{third} would be better than {best} with a chance of 20%, and then by 0.500 on average, charges included."
    assert changes_of(charged) == [says]
    gains = replace(charged.outcome, higher_is_better=True)
    upside = replace(charged, outcome=gains, values=-losses)
    assert changes_of(upside) == [says]


def test_a_choice_is_made_again_elsewhere_as_it_was_made_here(known):
    first, second, third = (c.model for c in known.select(data=3200.0).candidates)
    charge, where = {first: 50.0, second: 100.0}, f"model != {third!r}"
    result = known.select(data=3200.0, risk="probability", charge=charge, where_final=where, seed=7)
    assert (result.charge, result.where_final, result.seed) == (charge, where, 7)
    there = known.select(data=12800.0, risk="probability", charge=charge, where_final=where, seed=7)
    assert there.recommended == result.recommended == first
    told = elsewhere(result, known.posterior)
    assert f"the choice would be the same ({chance(there.candidates[0].p_best)} to be the best)" in told[-1]


def test_a_choice_elsewhere_is_asked_for_with_the_risk_and_the_seed(known, monkeypatch):
    asked = []

    def noted(posterior, target, **how):
        asked.append(how)
        return select(posterior, target, **how)

    monkeypatch.setattr(answers_of_report, "select", noted)
    elsewhere(known.select(data=3200.0, risk="cvar90", charge="0.1", seed=7), known.posterior)
    how = {"task": "task", "risk": "cvar90", "charge": "0.1", "where_final": None, "seed": 7}
    assert asked == [how] * len(asked)
    assert asked


def test_rows_left_out_are_told_with_their_reasons(fit_simulated):
    fitted = fit_simulated(("a", "b", "c"), (1000, 2000, 4000))
    frame = fitted.posterior.runs.table[["model", "data", "loss"]]
    runs = read_runs(frame, where="data <= 2000")
    page = Page(report_html([fitted.checks], runs=runs))
    assert "3 rows were left out" in page
    assert "not selected by where: data <= 2000" in page
    assert "rows 3, 6, 9" in page
    assert "Parameters, and what was believed before" not in page


@pytest.fixture(scope="module")
def table():
    frame = pd.DataFrame({"model": ["a", "a", "b"], "data": [1e3, 2e3, 1e3], "loss": [2.0, 1.9, 2.1]})
    return read_runs(frame)


def by_hand_page(table, **more):
    return report_html([by_hand.reproduction()], runs=table, figures={0: Figure()}, **more)


def test_checks_are_told_with_what_was_found_and_what_it_is_held_against(table):
    page = Page(by_hand_page(table))
    for says in ("All is well. Found 1.25, threshold 2.5.", "It is close. Found 3.25, threshold 4.5."):
        assert says in page
    text = " ".join(" ".join(page.text).split())
    assert text.index("bad FAIL") < text.index("near REVIEW") < text.index("fine PASS")
    assert "What to do: Measure more." in page
    assert text.count("What to do") == 2


def test_a_command_is_text(table):
    assert "bayeslaw fit &#39;a &lt;b&gt; &amp; c.csv&#39;" in by_hand_page(
        table, command="bayeslaw fit 'a <b> & c.csv'"
    )


def test_what_was_read_is_counted_with_its_notes_and_the_commonest_reasons_first(table):
    assert "3 runs of 2 models, task task" in Page(by_hand_page(table))
    reasons = [f"reason {i}" for i in range(25)]
    left_out = [LeftOut(i, reason) for i, reason in enumerate(reasons)] + [
        LeftOut(100 + i, "common") for i in range(14)
    ]
    read = page_of_report._read(replace(table, left_out=tuple(left_out), notes=("a note",)))
    assert read.notes == ["a note"]
    rows = ", ".join(str(100 + i) for i in range(12))
    assert read.reasons[0] == ("common", f"14 (rows {rows}, …)")
    assert read.reasons[1] == ("reason 0", "1 (row 0)")
    assert len(read.reasons) == page_of_report.LEFT_OUT + 1
    assert read.reasons[-1] == ("6 other reasons", "")
    page = Page(by_hand_page(replace(table, left_out=(LeftOut(4, "empty"),), notes=("a note",))))
    assert "1 row was left out" in page
    assert "a note" in page


def test_runs_are_told_beside_their_replications():
    grid = page_of_report._runs_grid(by_hand.replications())
    assert grid.headings == ("model", "data", "measured", "90% interval of replications", "inside", "residual (sd)")
    assert grid.right == (False, True, True, True, True, True)
    assert [row[:5] for row in grid.rows] == [
        ("<a>", "1,000", "2.000", "1.550 to 2.450", "yes"),
        ("b", "2,000", "4.000", "1.550 to 2.450", "no"),
        ("c", "4,000", "1.200", "1.550 to 2.450", "no"),
        ("d", "4,000", "1.000", "1.000 to 1.000", "yes"),
    ]
    standardized = by_hand.replications().to_frame()["standardized"]
    assert [row[5] for row in grid.rows] == [f"{value:.2f}" for value in standardized]


def test_settings_are_told_with_the_names_of_all_that_they_are_within():
    nested = {"seed": 5, "prior": {"noise": {"median": 0.0123456789}}, "pooling": {}}
    assert page_of_report._flat(nested) == [("seed", "5"), ("prior.noise.median", "0.0123457")]


def test_the_seed_is_that_of_the_prior_and_of_the_replications(monkeypatch):
    def noted(posterior, seed):
        seeds.append(seed)
        if len(seeds) == 2:
            raise InterruptedError

    seeds = []
    monkeypatch.setattr(page_of_report, "drawn_from_prior", noted)
    monkeypatch.setattr(page_of_report, "parameters", lambda *_: None)
    monkeypatch.setattr(page_of_report, "replications", noted)
    with pytest.raises(InterruptedError):
        page_of_report._fitted(SimpleNamespace(law=None), 7)
    assert seeds == [7, 7]


def test_a_picture_that_is_given_is_the_one_that_is_shown(table, monkeypatch):
    monkeypatch.setattr(page_of_report, "figure_of", lambda *_: pytest.fail("another was drawn"))
    (image,) = Page(by_hand_page(table)).all("img")
    assert image["src"] == inline(Figure(), "").url
    assert image["alt"] == by_hand.reproduction().sentence


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    def half(path, text, **_):
        path.write_bytes(text[:2].encode())
        raise OSError(28, "No space left on device")

    path = tmp_path / "report.html"
    path.write_text("older")
    monkeypatch.setattr(page_of_report, "report_html", lambda *_, **__: "newer")
    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OutputError, match="No space left"):
        write_report(path, [])
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.core
@pytest.mark.fits
def test_every_kind_of_answer_has_a_page(surface, forge_at_random):
    runs = surface({"dense": ((1e8, 4e8, 1.6e9), (2e9, 1e10, 5e10)), "<b>": ((1e8, 4e8, 1.6e9), (2e9, 1e10, 5e10))})
    fitted = Fit(forge_at_random(runs, law="chinchilla", scale=0.3, draws=80))
    answers = [
        fitted.optimum(compute=1e22),
        fitted.crossing("dense", "<b>", at={"params": 1e9}),
        fitted.predictions({"params": 1e10, "data": 1e11}),
        fitted.parameters(),
    ]
    html = report_html(answers, fitted.posterior)
    page = Page(html)
    assert len(html.encode()) < LIMIT
    for answer in answers:
        assert answer.sentence in page
    for question in ("How to split 1e+22 FLOP", "if ever", "What loss is to be expected"):
        assert question in page
    assert "flat" in page.cells


def test_verdicts_and_comparisons_have_a_question_and_facts(known, surface):
    table = surface({"dense": ((1e8, 4e8, 1.6e9), (2e9, 1e10, 5e10))})
    advice = advise(table, {"params": 7e10, "data": 1e13})
    held = sensitivity(known, {"data": 51_200})
    saved = known.speedup("a", "b", at={"data": 800.0})
    row = Row("somebody2024", "alpha", 0.35, 0.02, 0.34, 0.3, 0.38, 0.36, True)
    again = Reproduction((row,), (("nobody2025", "table.csv"),), {}, ())
    asked = {
        saved: "How many times the data of b does a need at data = 800?",
        known.checks: "Can the fit to task be relied on?",
        advice: "carry the chinchilla law, before it is fitted?",
        held: "and the choice at data = 51.2k, depend on the prior?",
        again: "Are published numbers found again",
    }
    for result, question in asked.items():
        assert question in question_of(result)
        assert facts_of(result)
    assert saved.factor
    facts = [(fact.value, fact.meaning) for fact in facts_of(saved)]
    assert (chance(saved.p_saves), "b saves") in facts
    assert f"{chance(float((saved.factors < 1).mean()))}." in changes_of(saved)[0]
    counted = [fact.value for fact in facts_of(known.checks)]
    assert sum(int(value.split(" of ")[0]) for value in counted) == len(known.checks.checks)
    assert changes_of(advice) == list(advice.suggestions)
    assert len(advice.suggestions)
    assert [change.split(",")[0] for change in changes_of(held)] == [
        "With the prior held x0.5 as strongly", "With the prior held x2 as strongly"
    ]  # fmt: skip
    assert changes_of(again) == ["nobody2025: table.csv is not here, and would add what it says."]


def test_a_speed_up_that_nobody_reaches_has_facts(known):
    saved = replace(known.speedup("a", "b", at={"data": 800.0}), factor={}, p_never_a=1.0, p_never_b=1.0)
    assert [(fact.value, fact.meaning) for fact in facts_of(saved)] == [("100%", "neither a nor b gets there")]
    assert changes_of(saved) == []
    endless = replace(saved, factor=dict.fromkeys(("p05", "median", "p95"), math.inf))
    assert facts_of(endless)[0].value == "inf"


def test_pages_of_verdicts_and_of_speed_ups_are_whole(known):
    html = report_html([known.speedup("a", "b", at={"data": 800.0}), known.checks, sensitivity(known)])
    page = Page(html)
    assert "b saves" in page
    assert "How far do the parameters depend on the prior?" in page
    assert not [name for name in ("Speedup", "Sensitivity") if name in page]


@pytest.mark.fits
def test_a_long_table_is_cut_and_says_so(fitted, monkeypatch):
    monkeypatch.setattr(page_of_report, "MOST_ROWS", 5)
    again = page_of_report._fitted(fitted.posterior, 0)
    assert len(again.runs.rows) == 5
    assert again.more_runs == len(fitted.posterior.runs.table) - 5
    answer = page_of_report._answer(None, fitted.select(data=16000.0), None)
    assert len(answer.tables[0].rows) == 5
    assert answer.tables[0].caption.endswith("and 2 more rows that are not shown here")


@pytest.mark.fits
def test_a_report_is_written_whole_or_not_at_all(fitted, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    fitted.report(path, fitted.checks)
    kept = path.read_text(encoding="utf-8")
    assert fitted.checks.sentence in Page(kept)

    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(page_of_report, "_fitted", broken)
    with pytest.raises(RuntimeError):
        fitted.report(path)
    assert path.read_text(encoding="utf-8") == kept
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OutputError, match=r"\.txt"):
        write_report(tmp_path / "report.txt", [fitted.checks])


def test_pictures_are_png_of_readable_size(fitted):
    selection = fitted.select(data=16000.0)
    figure = selection.plot().figure
    picture = inline(figure, "what it shows")
    found = base64.b64decode(picture.url.removeprefix("data:image/png;base64,"))
    assert found.startswith(b"\x89PNG")
    assert int.from_bytes(found[16:20], "big") > 640


def test_what_is_pointed_at_tells_its_numbers(page, fitted):
    told = [path["data-told"] for path in page.all("path")]
    for candidate in fitted.select(data=16000.0).candidates:
        says = f"median {fixed(candidate.loss_median, 3)}"
        assert any(says in one and chance(candidate.p_best) in one for one in told)
    assert any(one.startswith(short_names(NAMES)[NAMES[0]]) for one in told)


def test_areas_lie_where_the_rows_of_the_picture_are(fitted):
    picture = inline(by_hand.selection().plot().figure, "what it shows")
    assert len(picture.areas) == len(by_hand.selection().candidates)
    corners = [np.array([corner.split(",") for corner in area.path.strip("MZ").split(" ")], float)
               for area in picture.areas]  # fmt: skip
    tops = [own[:, 1].min() for own in corners]
    assert tops == sorted(tops)
    for own, below in itertools.pairwise(corners):
        assert own[:, 1].max() == pytest.approx(below[:, 1].min(), abs=1)
    assert all((own >= 0).all() and (own <= [picture.width, picture.height]).all() for own in corners)


IS_INSIDE = "one => one.getBoundingClientRect().right <= innerWidth)"
"""That a title of a table can be read without scrolling, however wide the table is."""


@pytest.mark.skipif(browser() is None, reason="no Chromium on the path, and BAYESLAW_BROWSER names none")
def test_the_page_opens_in_a_browser_without_an_error_and_fits_its_window(html, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    rows = "Array.from(document.querySelector('table[data-filtered]').tBodies[0].rows)"
    with tab(tmp_path / "profile") as page:
        for width in (1200, 400):
            page.open(path.as_uri(), width)
            assert page.value("[innerWidth, document.documentElement.scrollWidth <= innerWidth]") == [width, True]
            assert page.value("Array.from(document.images).every(image => image.naturalWidth > 0)")
            assert page.value("Array.from(document.querySelectorAll('caption span')).every(" + IS_INSIDE)
        page.value("document.querySelector('.sheet path').dispatchEvent(new Event('click'))")
        told = "[document.querySelector('.told').textContent, document.querySelector('.sheet path').dataset.told]"
        assert len(set(page.value(told))) == 1
        assert "median" in page.value(told)[0]
        box = "document.querySelector('[data-filter]')"
        page.value(f"{box}.value = 'plain & simple'; {box}.dispatchEvent(new Event('input'))")
        assert page.value(f"{rows}.filter(row => !row.hidden).length") == 1
        page.value(f"{box}.value = ''; {box}.dispatchEvent(new Event('input'))")
        first = page.value(f"{rows}[0].textContent")
        page.value("document.querySelector('table[data-filtered] th.number').click()")
        page.value("document.querySelector('table[data-filtered] th.number').click()")
        assert page.value(f"{rows}[0].textContent") != first
        assert page.complaints() == []
