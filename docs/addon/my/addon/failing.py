from netsight.async_ import BaseAsyncView


class Failing(BaseAsyncView):
    """Raises an error halfway."""

    title = "One that fails"

    def __run__(self, process_id=None):
        self.set_progress(process_id, 50)
        raise ValueError("This example always fails.")
