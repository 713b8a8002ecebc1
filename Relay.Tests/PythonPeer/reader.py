"""Follows one output until the server closes: reader.py URL"""
import websocket

from peer import argument, report

refused = []


def on_error(app, error):
    if isinstance(error, websocket.WebSocketBadStatusException):
        refused.append(error.status_code)
        report("refused", status=error.status_code)
    else:
        report("error", text=repr(error))


def on_close(app, status, reason):
    if not refused:
        report("closed", status=status, reason=reason)


websocket.WebSocketApp(
    argument(1),
    on_open=lambda app: report("open"),
    on_data=lambda app, data, opcode, whole: report("message", opcode=opcode, text=data) if opcode == websocket.ABNF.OPCODE_TEXT else report("binary"),
    on_error=on_error,
    on_close=on_close,
).run_forever()
