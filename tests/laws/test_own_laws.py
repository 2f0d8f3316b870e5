"""Laws of one's own are found: registered, in a file, in an installed package."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.errors import BayeslawWarning, LawError
from bayeslaw.kinds.registry import read_for
from bayeslaw.laws import get_law, law_names, registry, takes_any_column
from bayeslaw.laws.files import require_working

EXAMPLE = Path(bl.__file__).parents[1] / "examples" / "own_law.py"


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """The registry of a test, empty at first."""
    names = {}
    monkeypatch.setattr(registry, "_REGISTERED", names)
    return names


@pytest.fixture(scope="module")
def law():
    return bl.load_law(EXAMPLE)


def another(law, **changes):
    return dataclasses.replace(law, **changes)


# Registered


def test_a_law_that_was_registered_is_found_by_its_name(law, registered):
    with pytest.raises(LawError, match="no law 'shifted_power'"):
        get_law("shifted_power")
    bl.register_law(law)
    bl.register_law(law)  # the same again changes nothing
    assert registered == {"shifted_power": law}
    assert get_law("shifted_power") is law
    assert "shifted_power" in law_names()
    assert list(law_names()) == sorted(law_names())
    assert not takes_any_column("shifted_power")
    with pytest.raises(LawError, match=r"shifted_power law leaves no choice of a column"):
        get_law("shifted_power(params)")
    with pytest.raises(LawError, match=r"no law 'shiftedpower'\. Did you mean 'shifted_power'\?"):
        get_law("shiftedpower")


def test_a_name_is_for_one_law(law, registered):
    bl.register_law(law)
    with pytest.raises(LawError, match=r"'shifted_power' is registered already.*another name.*fit\(runs, law=law\)"):
        bl.register_law(
            another(law, coordinates=(dataclasses.replace(law.coordinates[0], mean=9.0), *law.coordinates[1:]))
        )
    bl.register_law(another(law, source="a cell that was run again"))  # it says the same
    with pytest.raises(LawError, match=r"name='vanilla', which is one of bayeslaw's.*'my_vanilla'"):
        bl.register_law(another(law, name="vanilla"))
    assert registered == {"shifted_power": law}
    bl.register_law(get_law("vanilla"))  # what it is anyway
    assert get_law("vanilla") is get_law("vanilla")


@pytest.mark.parametrize("name", ["", "a b", "2nd", "law(x)", "a.b", "a-b", "gesetz_ä", None])
def test_names_are_plain_identifiers(law, name):
    with pytest.raises(LawError, match=r"expected a plain identifier: letters, digits and underscores"):
        bl.register_law(another(law, name=name))


@pytest.mark.parametrize(("thing", "said"), [("vanilla", "'vanilla'"), (bl.Law, "the class Law"), (3, "a int")])
def test_only_laws_are_registered(thing, said):
    with pytest.raises(LawError, match=rf"expected a bayeslaw\.Law, found {said}"):
        bl.register_law(thing)


# In a file


def written(tmp_path, text, name="mine.py"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


BASE = f"import dataclasses, runpy\nbase = runpy.run_path({str(EXAMPLE)!r})['LAW']\n"


def test_the_law_of_a_file_is_the_only_one_or_the_one_called_so(tmp_path, law, registered):
    assert law.name == "shifted_power"
    assert registered == {}
    assert not [name for name in sys.modules if "law_file" in name]
    several = BASE + "one = dataclasses.replace(base, name='one')\nalias = one\n"
    assert bl.load_law(written(tmp_path, several + "del base")).name == "one"
    assert bl.load_law(written(tmp_path, several + "LAW = dataclasses.replace(base, name='two')")).name == "two"
    with pytest.raises(LawError, match=r"found base \('shifted_power'\), one \('one'\), expected one Law.*LAW"):
        bl.load_law(written(tmp_path, several))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", r"found none, expected one Law .*Write LAW = "),
        ("import math\n\nx = math.nonsense\n", r"raised AttributeError: .*nonsense.* \(line 3\)\. Mend"),
        ("x = 1\nx = = 2\n", r"raised SyntaxError: .*\(line 2\)"),
        ("def f():\n    return {}['k']\n\n\nf()\n", r"raised KeyError: 'k' \(line 2\)"),
        ("raise SystemExit(4)\n", r"raised SystemExit: 4 \(line 1\)"),
        (BASE + "LAW = dataclasses.replace(base, name='m4')\n", r"which is one of bayeslaw's"),
        (BASE + "LAW = dataclasses.replace(base, name='a b')\n", r"expected a plain identifier"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, text, said):
    path = written(tmp_path, text)
    with pytest.raises(LawError, match=rf"mine\.py: .*{said}"):
        bl.load_law(path)


def test_a_file_that_is_not_there_is_said_with_the_nearest(tmp_path):
    path = written(tmp_path, "", "shifted_law.py")
    with pytest.raises(LawError, match=rf"shiftd_law\.py: there is no such file\. Did you mean {path}\?"):
        bl.load_law(tmp_path / "shiftd_law.py")
    with pytest.raises(LawError, match=r"nowhere/law\.py: there is no such file\. Expected a file of Python"):
        bl.load_law(tmp_path / "nowhere" / "law.py")
    with pytest.raises(LawError, match="is a folder"):
        bl.load_law(tmp_path)
    with pytest.raises(LawError, match=r"no law 'shifted_law\.py'\. A file that defines a law is read by load_law"):
        get_law("shifted_law.py")


def test_a_file_may_use_what_python_offers(tmp_path):
    text = (
        "from __future__ import annotations\n"
        + BASE
        + (
            "@dataclasses.dataclass\nclass Settings:\n    n: int = 1\n\n"  # looks its module up
            "LAW = dataclasses.replace(base, name=f'law_{Settings().n}')\n"
            "if __name__ == '__main__':\n    raise RuntimeError\n"
        )
    )
    assert bl.load_law(written(tmp_path, text)).name == "law_1"


def test_functions_that_fail_are_said_with_their_line(tmp_path):
    text = (
        BASE
        + "def log_shape(c, x, ref):\n    return c['gamma']\n\n\nLAW = dataclasses.replace(base, log_shape=log_shape)\n"
    )
    path = written(tmp_path, text)
    broken = bl.load_law(path)
    with pytest.raises(LawError, match=r"cannot be evaluated: KeyError: 'gamma' \(line 4\).*bayeslaw laws --check"):
        require_working(broken, str(path), f"bayeslaw laws --check {path}")
    text = BASE + (
        "import numpy as np\n\n\ndef natural(c, level, ref):\n    return {'E': np.asarray(level)}\n\n\n"
        "LAW = dataclasses.replace(base, natural=natural)\n"
    )
    path = written(tmp_path, text)
    with pytest.raises(LawError, match=r"cannot be evaluated: TracerArrayConversionError: .* \(line 7\)"):
        require_working(bl.load_law(path), str(path), "")
    with pytest.raises(LawError, match=r"^law=…: the law 'shifted_power' cannot be evaluated: .* bl\.check_law\(law\)"):
        read_for(pd.DataFrame({"model": "a", "data": [1e3, 2e3], "loss": [3.0, 2.9]}), bl.load_law(path), 0.0)
    require_working(bl.load_law(EXAMPLE), str(EXAMPLE), "")


def test_a_link_that_there_is_not_is_refused_before_a_fit():
    asked = another(get_law("vanilla"), link="logarithm")
    runs = pd.DataFrame({"model": "a", "data": [1e3, 2e3], "loss": [3.0, 2.9]})
    with pytest.raises(LawError, match=r"law=…: .* has link='logarithm', expected '' or 'identity', as it is of loss"):
        read_for(runs, asked, 0.0)


@pytest.mark.core
@pytest.mark.fits
def test_a_law_of_a_file_reaches_other_processes():
    script = (
        "import bayeslaw as bl\n"
        "from joblib import Parallel, delayed\n"
        "from bayeslaw.laws.fingerprint import law_fingerprint\n"
        f"law = bl.load_law({str(EXAMPLE)!r})\n"
        "found = Parallel(n_jobs=2, backend='loky')(delayed(law_fingerprint)(law) for _ in range(2))\n"
        "print(set(found) == {law_fingerprint(law)})"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout.split() == [b"True"]


# Of an installed package


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a package of one module that offers laws."""

    def put(package, code, entries):
        folder = tmp_path / package
        info = folder / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[bayeslaw.laws]\n" + "".join(f"{e}\n" for e in entries))
        (folder / f"{package}_module.py").write_text(code)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, f"{package}_module", raising=False)

    yield put
    for name in [name for name in sys.modules if name.endswith("_module")]:
        del sys.modules[name]


def test_installed_packages_offer_laws_that_are_imported_when_asked_for(install):
    install("lawful", BASE + "LAW = base\n", ["shifted_power = lawful_module:LAW"])
    get_law("vanilla")
    assert "shifted_power" in law_names()
    assert "lawful_module" not in sys.modules
    found = get_law("shifted_power")
    assert found.name == "shifted_power"
    assert get_law("shifted_power") is found is sys.modules["lawful_module"].LAW
    own = another(found, source="here")
    bl.register_law(own)  # what is registered comes first
    assert get_law("shifted_power") is own


@pytest.mark.parametrize(
    ("code", "entry", "said"),
    [
        ("import nothing_of_the_kind\n", "mine = lawful_module:LAW", "cannot be imported: ModuleNotFoundError: No mod"),
        ("raise SystemExit\n", "mine = lawful_module:LAW", "cannot be imported: SystemExit"),
        ("x = 1\n", "mine = lawful_module:LAW", "cannot be imported: AttributeError"),
        ("LAW = 3\n", "mine = lawful_module:LAW", r"expected a bayeslaw\.Law, found a int"),
        (
            BASE + "LAW = base\n",
            "mine = lawful_module:LAW",
            "found is one with name='shifted_power'; expected one name",
        ),
    ],
)
def test_a_broken_package_is_named(install, code, entry, said):
    install("lawful", code, [entry])
    assert "mine" in law_names()
    with pytest.raises(LawError, match=f"The package lawful offers a law 'mine' .*{said}"):
        get_law("mine")
    get_law("vanilla")


def test_two_packages_with_one_name_are_named(install):
    for package in ("lawful", "orderly"):
        install(package, "", [f"mine = {package}_module:LAW"])
    with pytest.raises(LawError, match=r"packages lawful and orderly offer a law 'mine' each"):
        get_law("mine")


def test_a_package_does_not_take_the_place_of_a_law_of_this_one(install):
    before = get_law("m4")
    install("lawful", "raise RuntimeError\n", ["m4 = lawful_module:LAW"])
    with pytest.warns(BayeslawWarning, match=r"lawful: offers a law 'm4', which bayeslaw has itself"):
        assert law_names().count("m4") == 1
    assert get_law("m4") is before
