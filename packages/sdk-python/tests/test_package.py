"""The package as it is published."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import waiaas

ROOT = Path(__file__).parents[1]


def test_wheel_and_sdist_hold_what_they_should_and_work(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    name = f"waiaas-{waiaas.__version__}"

    with tarfile.open(tmp_path / f"{name}.tar.gz") as sdist:
        names = sdist.getnames()
        assert f"{name}/src/waiaas/py.typed" in names
        assert f"{name}/LICENSE" in names
        assert not [entry for entry in names if "__pycache__" in entry]

    wheel = tmp_path / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert "waiaas/py.typed" in names and "waiaas/_sync/client.py" in names
        assert not [entry for entry in names if entry.startswith(("tests/", "tools/"))]
        metadata = archive.read(f"{name}.dist-info/METADATA").decode("utf-8")
    for line in ("Requires-Python: >=3.10", "License-Expression: MIT", "Provides-Extra: solana"):
        assert line in metadata

    # Loaded from the wheel, with nothing of this checkout on the path.
    script = f"import sys; sys.path.insert(0, {str(wheel)!r}); import waiaas; print(waiaas.__version__, waiaas.__file__)"
    told = subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True, text=True).stdout
    assert told.startswith(waiaas.__version__) and str(wheel) in told


def test_the_version_is_that_of_the_product() -> None:
    assert f'"version": "{waiaas.__version__}"' in (ROOT.parents[1] / "package.json").read_text("utf-8")
