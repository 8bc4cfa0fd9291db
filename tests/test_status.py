"""What is told of a stream while a signal comes at any moment."""

import json
import threading

from clocks import START

from pipeline.health import HealthFile
from pipeline.live import LineDisplay
from pipeline.status import Status


def test_a_signal_at_the_end_does_not_undo_the_end(tmp_path, capsys):
    path = tmp_path / "health.json"
    for _ in range(200):
        status = Status(str(tmp_path), START, LineDisplay(), HealthFile(path), None)
        thread = threading.Thread(target=status.stops)
        thread.start()
        status.stopped()
        thread.join()
        assert json.loads(path.read_text())["state"] == status.health.state == "stopped"
    assert [found.name for found in tmp_path.iterdir()] == ["health.json"]
    assert "No such file" not in capsys.readouterr().err
