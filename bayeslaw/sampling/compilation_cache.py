"""Keep compiled programs between runs of the command line.

The environment variable ``BAYESLAW_CACHE`` names the folder, or switches the cache off with ``off``; the default is the
user's cache folder. A folder that cannot be used is left alone: caching saves seconds, and is never worth an error.
"""

import os
import warnings
from pathlib import Path

VARIABLE = "BAYESLAW_CACHE"


def cache_folder() -> Path | None:
    """Folder of the cache, or None if it is switched off."""
    chosen = os.environ.get(VARIABLE)
    if chosen is not None and chosen.strip().lower() in ("", "off", "0", "no", "false"):
        return None
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bayeslaw" / "compiled"


def use_compilation_cache() -> None:
    """Let jax keep compiled programs; call before anything is compiled."""
    folder = cache_folder()
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            return
    except (OSError, RuntimeError):  # no such place, or no home at all
        return
    import jax

    # jax only warns of entries that it cannot read or write, and compiles afresh
    warnings.filterwarnings("ignore", message=".*persistent compilation cache.*")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
