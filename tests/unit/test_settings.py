"""Settings: what each function reads is what the template sets, no more and no less."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from lethe import settings

ROOT = Path(__file__).parents[2]


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's tags as nothing."""


yaml.add_multi_constructor("!", lambda _loader, _suffix, _node: "", Loader)


def variables(name: str) -> set[str]:
    document: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Loader)  # noqa: S506 - safe loader
    everywhere = document["Globals"]["Function"]["Environment"]["Variables"]
    for resource in document["Resources"].values():
        properties = resource.get("Properties", {})
        if properties.get("CodeUri") == f"functions/{name}/":
            return {*everywhere, *properties["Environment"]["Variables"]}
    raise LookupError(name)


@pytest.mark.parametrize("name", sorted(settings.BY_FUNCTION))
def test_settings_and_template_name_the_same_variables(name: str) -> None:
    ours = {each for each in variables(name) if not each.startswith("POWERTOOLS_")}

    assert {field.upper() for field in settings.BY_FUNCTION[name].model_fields} == ours


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in settings.EraseSettings.model_fields:
        monkeypatch.setenv(field.upper(), "7")

    loaded = settings.load(settings.EraseSettings)

    assert loaded.register_table == "7"
    assert loaded.longest_capture == timedelta(seconds=7)


def test_what_is_missing_is_named_and_no_value_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in settings.EraseSettings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    monkeypatch.setenv("KEY_BACKUP_DAYS", "secret")

    with pytest.raises(settings.SettingsError) as error:
        settings.load(settings.EraseSettings)

    assert "KEY_BACKUP_DAYS" in str(error.value)
    assert "REGISTER_TABLE" in str(error.value)
    assert "secret" not in str(error.value)
