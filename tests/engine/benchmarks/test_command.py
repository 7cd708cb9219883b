"""`photofinish bench proxies` on scenes that it makes."""

import json

from engine.cli import app, main


def test_it_prints_and_writes_its_figures(tmp_path, capsys, monkeypatch) -> None:
    import editor.cli  # noqa: F401 - adds the verb

    monkeypatch.setattr("engine.benchmarks.photos.MADE", 1)
    page = tmp_path / "page.md"
    arguments = ["bench", "proxies", "--settings", "1", "--gradients", "0", "--minutes", "0"]
    assert main([*arguments, "--write", str(page), "--json"], app) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["chain"]["worst_db"] > 25.0
    assert {"mean_db", "worst_db", "without_db"} <= set(said["stages"]["dehaze"])
    assert "## proxies" in page.read_text("utf-8")


def test_a_missing_folder_is_told(capsys) -> None:
    import editor.cli  # noqa: F401

    assert main(["bench", "proxies", "--photos", "/no/such/folder"], app) == 1
    assert "/no/such/folder is no folder." in capsys.readouterr().err
