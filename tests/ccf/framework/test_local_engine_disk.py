"""A disk that is full: the job says so, and goes on when there is room again."""

import dataclasses
import errno
import os

import pytest

from totem_ccf.engines.local import JobEnd, JobFolderFailed


@pytest.fixture
def full(monkeypatch):
    """No end of a job can be written by this process."""

    def write(self, directory):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(JobEnd, "write", write)
        yield patched


def test_an_end_that_can_not_be_kept_is_told_and_comes_again(jobs, full):
    spec = jobs.paper1()
    broken = dataclasses.replace(spec, program=spec.program[:-1])
    settlement = jobs.settlement(spec)
    with pytest.raises(JobFolderFailed, match=r"takes no files \(No space left on device\).*make room there"):
        jobs.engine.run(broken, settlement)
    full.undo()
    end = jobs.engine.resume(spec.directory, settlement)
    assert (end.state, end.used) == ("provider_failed", 0)
    assert jobs.engine.resume(spec.directory, settlement).reason == end.reason


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a small file system")
@pytest.mark.parametrize("kib", [12, 60, 150])
def test_a_job_on_a_full_disk_does_not_hang_and_ends_as_undisturbed_when_there_is_room(jobs, tmp_path, kib):
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    if os.system(f"mount -t tmpfs -o size=4m totem-test {tiny}") != 0:  # noqa: S605 a path of pytest's
        pytest.skip("no file system can be mounted here")
    try:
        spec = jobs.three_steps(3, 8_000)
        run = jobs.on_machine(spec)
        spec = dataclasses.replace(spec, directory=tiny / "job")
        space = os.statvfs(tiny)
        (tiny / "fill").write_bytes(bytes(space.f_bavail * space.f_frsize - kib * 1024))
        settlement = jobs.settlement(spec)
        told = ""
        try:
            end = jobs.engine.run(spec, settlement)
        except (JobFolderFailed, OSError) as error:
            told = str(error)
            (tiny / "fill").unlink()
            end = jobs.engine.resume(spec.directory, settlement)
        assert not told or "No space left" in told
        if end.state == "provider_failed":
            assert (end.used, end.result) == (0, None)
            assert "No space left" in end.reason
        else:
            jobs.assert_as_on_machine(end, settlement, run)
    finally:
        # Processes of the job may take a moment to end.
        os.system(f"umount -l {tiny}")  # noqa: S605 a path of pytest's
