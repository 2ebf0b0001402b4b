import time

from netsight.async_ import BaseAsyncView


class Slow(BaseAsyncView):
    """Sleeps some seconds."""

    title = "A slow one"

    def __run__(self, process_id=None):
        for second in range(20):
            self.set_progress(process_id, 100 * second / 20)
            time.sleep(1)
        return "Slept 20 seconds."
