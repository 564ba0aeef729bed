"""Workflows are valid, pinned, without rights they do not need; so says more than one judge."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml

from tests.structure.rules import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCHEMAS = {
    "github-workflows": WORKFLOWS,
    "dependabot": [ROOT / ".github" / "dependabot.yml"],
    "citation-file-format": [ROOT / "CITATION.cff"],
}
every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def _tool(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sysconfig.get_path("scripts")) / name), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_follow_their_schema(schema):
    done = _tool("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *SCHEMAS[schema])
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing():
    done = _tool("zizmor", "--offline", "--persona=pedantic", "--no-progress", ".github")
    assert done.returncode == 0, done.stdout


def test_zizmor_would_find_something(tmp_path):
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    loose = WORKFLOWS[0].read_text(encoding="utf8")
    loose = re.sub(r"@[0-9a-f]{40}", "@main", loose).replace("permissions: {}", "", 1)
    (folder / "loose.yml").write_text(loose, encoding="utf8")
    assert _tool("zizmor", "--offline", "--no-progress", tmp_path / ".github").returncode


@every_workflow
def test_rights_are_given_job_by_job(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf8"))
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 180
        assert "permissions" in job
        writes = {right for right, level in job["permissions"].items() if level == "write"}
        assert not writes or path.name == "publish.yml"


@every_workflow
def test_actions_are_pinned_to_commits(path):
    text = path.read_text(encoding="utf8")
    for use in re.findall(r"uses: (.*)", text):
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use), use
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")


def test_the_same_action_has_one_version():
    uses = {use for path in WORKFLOWS for use in re.findall(r"uses: (\S+)", path.read_text("utf8"))}
    assert len(uses) == len({use.partition("@")[0] for use in uses})


def test_all_systems_and_the_oldest_and_newest_python_are_tested():
    jobs = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text("utf8"))["jobs"]
    systems = {job["runs-on"].partition("-")[0] for job in jobs.values()}
    assert systems == {"ubuntu", "macos", "windows"}
    for job in jobs.values():
        assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]


def test_gpu_runs_cover_every_part_of_the_book(tmp_path):
    """The step that lists the parts, run here, finds them all; nothing is listed by hand."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/gpu.yml").read_text("utf8"))
    assert not {"pull_request", "pull_request_target", "push"} & {*workflow[True]}
    gpu = workflow["jobs"]
    assert gpu["run"]["strategy"]["matrix"]["part"] == "${{ fromJSON(needs.parts.outputs.parts) }}"
    (step,) = (step for step in gpu["parts"]["steps"] if step.get("id") == "list")
    output = tmp_path / "output"
    environment = {**os.environ, "GITHUB_OUTPUT": str(output)}
    subprocess.run(["bash", "-c", step["run"]], cwd=ROOT, env=environment, check=True)
    name, _, listed = output.read_text().strip().partition("=")
    assert name == "parts"
    assert {path.parent.name for path in ROOT.glob("notebooks/*/*.py")} == set(json.loads(listed))
