"""The life cycle of a session over REST, as the original client drove it: lifecycle.py BASE SESSION"""
import requests

from peer import argument, report

base, session = argument(1), argument(2)


def tell(step, answer):
    json = "json" in answer.headers.get("Content-Type", "")
    report("answer", step=step, status=answer.status_code, body=answer.json() if json else None)


tell("create", requests.post(base + "/logging_session", json={"session_id": session}, timeout=30))
tell("duplicate", requests.post(base + "/logging_session", json={"session_id": session}, timeout=30))
tell("delete", requests.delete(base + "/logging_session/" + session, timeout=30))
tell("delete again", requests.delete(base + "/logging_session/" + session, timeout=30))
tell("delete unknown", requests.delete(base + "/logging_session/never-" + session, timeout=30))
tell("create by path", requests.post(base + "/logging_session/" + session, timeout=30))
tell("duplicate by path", requests.post(base + "/logging_session/" + session, timeout=30))
tell("docs", requests.get(base + "/docs", timeout=30))
