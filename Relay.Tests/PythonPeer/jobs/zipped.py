"""Imports the writer as spark-submit --py-files deps.zip would hand it over."""
import os
import sys
import zipfile

folder = os.environ.pop("PYTHONPATH")
sys.path.remove(folder)
archive = os.path.join(sys.argv[3], "deps.zip")
with zipfile.ZipFile(archive, "w") as deps:
    deps.write(os.path.join(folder, "relay_writer.py"), "relay_writer.py")
sys.path.insert(0, archive)

import relay_writer  # noqa: E402

with relay_writer.attach(sys.argv[1], sys.argv[2], labels={"from": "a zip"}):
    print(relay_writer.__file__.startswith(archive))
