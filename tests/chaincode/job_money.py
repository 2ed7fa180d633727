"""A job that runs, and where everybody's totem is."""

from totem_chaincode.testing import PEOPLE


def running(story, totem=100, **more):
    job_id = story.submit(story.ready(), totem, **more)
    story.accept(job_id)
    return job_id


def money(story):
    audit = story.audit()
    assert audit["balanced"]
    return {name: audit["accounts"].get(PEOPLE[name].id, 0) for name in ("peter", "utility")} | {
        "escrowed": audit["escrowed"]
    }
