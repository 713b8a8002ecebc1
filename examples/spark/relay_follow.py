"""Starts 'relay-writer follow' beside a Spark driver in cluster mode on YARN. Ship both with the job and call it first:

    spark-submit --master yarn --deploy-mode cluster --files relay-writer --py-files relay_follow.py job.py

    import relay_follow
    relay_follow.start("nightly", "http://relay:8160")

YARN has put the driver's stdout and stderr into files by then; what was printed before the call is in them too.
"""
import os
import subprocess
import sys
from typing import Optional


def start(session: str, url: Optional[str] = None, writer: str = "./relay-writer") -> None:
    """Never fails the job: what keeps the log from being followed is one line on stderr."""
    try:
        folder = _log_folder()
        if not os.access(writer, os.X_OK):
            os.chmod(writer, 0o755)
        command = [
            writer, "follow", "--session", session, "--stdout", folder + "/stdout", "--stderr", folder + "/stderr",
            # The driver is the JVM that started this Python.
            "--until-pid", str(os.getppid())]
        # A session of its own: when the driver has ended, YARN ends the process group of the container, and the last lines are still to come.
        subprocess.Popen(
            command + (["--url", url] if url else []), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
    except OSError as error:
        print("relay_follow: the job goes on without being followed: %s" % error, file=sys.stderr)


def _log_folder() -> str:
    # One folder for each disk of the machine; stdout and stderr are in one of them.
    folders = os.environ.get("LOG_DIRS", "").split(",")
    for folder in folders:
        if folder and os.path.exists(folder + "/stdout"):
            return folder
    raise FileNotFoundError("no folder of LOG_DIRS (%s) has a file stdout; is this a container of YARN?" % ",".join(folders))
