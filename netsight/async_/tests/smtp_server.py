"""A mail server that keeps what it is given, for a real MailHost."""

import threading
from email import message_from_bytes
from email import policy
from socketserver import StreamRequestHandler
from socketserver import ThreadingTCPServer


HOST = "127.0.0.1"


class Session(StreamRequestHandler):
    """What one client says, by RFC 5321."""

    def handle(self):
        self._answer("220 ready")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self._answer("354 go on")
                self.server.mails.append(self._read_mail())
            self._answer("221 bye" if verb == b"QUIT" else "250 fine")
            if verb == b"QUIT":
                return

    def _read_mail(self):
        lines = iter(self.rfile.readline, b".\r\n")
        return message_from_bytes(b"".join(lines), policy=policy.default)

    def _answer(self, text):
        self.wfile.write(text.encode() + b"\r\n")


class SmtpServer(ThreadingTCPServer):
    """Takes mails on a free port of this machine.

    `mails` are those that it has taken, as email.message.EmailMessage.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__((HOST, 0), Session)
        self.mails = []
        self._thread = threading.Thread(target=self.serve_forever)

    @property
    def port(self):
        return self.server_address[1]

    def start(self):
        """Take mails, in a thread."""
        self._thread.start()

    def stop(self):
        """End the thread, and give the port back."""
        self.shutdown()
        self._thread.join()
        self.server_close()
