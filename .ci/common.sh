# What .ci/run and .ci/nightly have in common; sourced by them from the root of the repository.
# shellcheck shell=bash

# Say which stage begins, and how long it took to come there.
stage() {
  printf '\n== %s (%d:%02d since the start)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60))
}

# Let BAYESLAW_DATA name the folder of published measurements. Where it does, skipping a test for want of it is an error.
find_data() {
  export CI="${CI:-true}"
  if [ -z "${BAYESLAW_DATA:-}" ] && [ -d ../shared/data ]; then
    BAYESLAW_DATA=$(cd ../shared/data && pwd)
  fi
  if [ -n "${BAYESLAW_DATA:-}" ]; then
    export BAYESLAW_DATA
  else
    echo "BAYESLAW_DATA is not set: tests on published measurements are skipped."
  fi
}

# Print the Python of the newest stack, on PATH or among those of pyenv, if there is one that is newer than python3.
# 3.13 comes first: it is the newest that the package says it works with.
newest_python() {
  local minor candidate
  for minor in 13 14 12; do
    if python3 -c "import sys; sys.exit(sys.version_info < (3, $minor))"; then
      continue
    fi
    for candidate in "python3.$minor" "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor."*/bin/python; do
      if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "$candidate"
        return
      fi
    done
  done
  return 1
}

# A fresh environment in a folder, with bayeslaw installed as the README says, from this checkout.
install() { # PYTHON FOLDER EXTRAS
  "$1" -m venv "$2"
  "$2/bin/python" -m pip install --quiet -e ".[$3]"
}

# The same by uv, which takes seconds where pip takes minutes, or else by pip: for environments beside the one that the
# README describes.
install_by_uv() { # PYTHON FOLDER EXTRAS
  python3 -m pip install --quiet uv &&
    uv venv --quiet --python "$1" "$2" &&
    uv pip install --quiet --system-certs --python "$2/bin/python" -e ".[$3]" ||
    { rm -rf "$2" && install "$@"; }
}

# Tests on two cores. Each worker starts with half of them, in order, so that fits which tests of a module share are made
# once; who is done first takes from the end of the other's.
run_tests() { # PYTHON ARGUMENTS
  "$1" -m pytest -n 2 --dist worksteal --max-worker-restart 3 "${@:2}"
}

# Install the browser that the test of the report opens, where there is none and Debian's packages can be had.
install_browser() {
  local name
  for name in chromium chromium-browser google-chrome chrome chromium-headless-shell; do
    if command -v "$name" >/dev/null; then return; fi
  done
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium-headless-shell; } >/dev/null 2>&1 ||
    echo "No browser is here, and none could be installed: the test that opens a report is skipped."
}
