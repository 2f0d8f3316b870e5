"""Public datasets from a local folder and from a server on this machine; no network is used."""

import functools
import hashlib
import http.server
import logging
import os
import sys
import threading
from pathlib import Path

import pytest

import bayeslaw as bl
from bayeslaw.datasets import fetch_files, public
from bayeslaw.errors import BayeslawError, DatasetError

WIDE = "config name,0,200,400,size,family\nm-1,4.0,3.5,3.1,1e8,f\nm-2,4.1,3.4,3.0,2e8,f\n"
TIDY = "Domain,Task,Model,Seen Examples,Loss,Training\nLM,t,p,100,2.5,1\nLM,t,p,200,2.25,0\n"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Two made-up datasets, published by a server on this machine: (its folder, a function that stops it)."""
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "one.csv").write_text(WIDE)
    (folder / "two.csv").write_text(WIDE.replace("3.", "2."))
    (folder / "tidy.csv").write_text(TIDY)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()

    def stop():
        server.shutdown()
        thread.join()
        server.server_close()

    def published(name, task=""):
        sha256 = hashlib.sha256((folder / f"{name}.csv").read_bytes()).hexdigest()
        return public.PublicFile(f"group/{name}.csv", f"http://127.0.0.1:{server.server_port}/{name}.csv", sha256, task)

    datasets = {"wide": (published("one", "1"), published("two", "2")), "tidy": (published("tidy"),)}
    monkeypatch.setattr(public, "PUBLIC", datasets)
    monkeypatch.delenv(public.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    logging.getLogger("pooch").setLevel(logging.WARNING)
    yield folder, stop
    if thread.is_alive():
        stop()


def mirror(tmp_path, monkeypatch, **contents):
    """A local folder with files of the made-up datasets."""
    folder = tmp_path / "mirror"
    (folder / "group").mkdir(parents=True)
    for name, content in contents.items():
        (folder / "group" / f"{name}.csv").write_text(content)
    monkeypatch.setenv(public.VARIABLE, str(folder))
    return folder


def test_downloaded_once_then_kept(served):
    pytest.importorskip("pooch")
    _, stop = served
    runs = bl.fetch_dataset("wide")
    stop()
    assert runs.source == "wide"
    assert runs.tasks == ("1", "2")
    assert runs.table["loss"].tolist() == [3.5, 3.1, 3.4, 3.0, 2.5, 2.1, 2.4, 2.0]
    assert [left_out.row for left_out in runs.left_out] == [1, 2, 3, 4]  # the losses at zero examples
    assert bl.fetch_dataset("wide").content_hash == runs.content_hash
    assert bl.read_runs(fetch_files("wide")[0]).table["loss"].tolist() == [3.5, 3.1, 3.4, 3.0]


def test_where_chooses_rows(served, tmp_path, monkeypatch):
    mirror(tmp_path, monkeypatch, tidy=TIDY)
    runs = bl.fetch_dataset("tidy", where="training == 1")
    assert runs.tasks == ("t",)
    assert runs.table["loss"].tolist() == [2.5]


def test_local_folder_comes_first(served, tmp_path, monkeypatch):
    folder, stop = served
    stop()
    here = mirror(tmp_path, monkeypatch, **{name: (folder / f"{name}.csv").read_text() for name in ("one", "two")})
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert fetch_files("wide") == (here / "group/one.csv", here / "group/two.csv")
    assert bl.fetch_dataset("wide").tasks == ("1", "2")


def test_what_the_local_folder_lacks_is_downloaded(served, tmp_path, monkeypatch):
    pytest.importorskip("pooch")
    here = mirror(tmp_path, monkeypatch, one=WIDE)
    one, two = fetch_files("wide")
    assert one == here / "group/one.csv"
    assert two.is_relative_to(tmp_path / "cache")


def test_altered_local_file_is_refused(served, tmp_path, monkeypatch):
    here = mirror(tmp_path, monkeypatch, tidy=TIDY.replace("2.25", "2.26"))
    with pytest.raises(DatasetError, match="not the published file") as error:
        bl.fetch_dataset("tidy")
    assert str(here / "group/tidy.csv") in str(error.value)
    assert f"unset {public.VARIABLE}" in str(error.value)


def test_file_changed_where_it_is_published_is_refused(served, tmp_path):
    pytest.importorskip("pooch")
    folder, _ = served
    (folder / "tidy.csv").write_text(TIDY.replace("2.25", "2.26"))
    with pytest.raises(DatasetError, match=r"was changed where it is published.*group/tidy\.csv.*BAYESLAW_DATA"):
        bl.fetch_dataset("tidy")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


@pytest.mark.parametrize("trouble", ["no server", "no file", "no place"])
def test_no_network_teaches(served, tmp_path, trouble):
    pytest.importorskip("pooch")
    folder, stop = served
    if trouble == "no server":
        stop()
    elif trouble == "no file":
        (folder / "tidy.csv").unlink()
    else:
        (tmp_path / "cache").write_text("a file where the cache should be")
    with pytest.raises(DatasetError, match=r"cannot be downloaded.*group/tidy\.csv.*BAYESLAW_DATA"):
        bl.fetch_dataset("tidy")


def test_missing_pooch_teaches(served, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DatasetError, match=r"pip install 'bayeslaw\[fetch\]'.*BAYESLAW_DATA"):
        bl.fetch_dataset("tidy")


@pytest.mark.parametrize("get", [bl.fetch_dataset, fetch_files])
def test_unknown_names_teach(get):
    with pytest.raises(BayeslawError, match=r"'flan'.*rectified-finetune.*load_dataset"):
        get("flan")


def test_addresses_and_hashes_are_whole():
    files = [file for group in public.PUBLIC.values() for file in group]
    assert len({file.sha256 for file in files}) == len({file.url for file in files}) == len(files)
    for file in files:
        assert file.url.startswith("https://")
        assert file.url.endswith(".csv")
        assert len(bytes.fromhex(file.sha256)) == 32


FOLDER = os.environ.get(public.VARIABLE)


@pytest.mark.skipif(not FOLDER, reason="set BAYESLAW_DATA to the folder of the real tables to read them")
@pytest.mark.parametrize(
    ("name", "rows", "models", "tasks"),
    [
        ("rectified-finetune", 840, 30, 2),
        ("extrapolation-language", 712, 11, 12),
        ("extrapolation-vision", 11958, 6, 6),
        ("chinchilla-points", 245, 142, 1),
    ],
)
def test_hashes_are_those_of_the_real_files(name, rows, models, tasks):
    runs = bl.fetch_dataset(name)
    assert (len(runs.table), len(runs.models), len(runs.tasks)) == (rows, models, tasks)
    if name == "rectified-finetune":
        alone = bl.read_runs(Path(FOLDER) / "finetune" / "gigaword.csv")
        assert runs.for_task("gigaword").content_hash == alone.content_hash
