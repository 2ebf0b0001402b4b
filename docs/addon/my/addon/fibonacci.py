from netsight.async_ import BaseAsyncView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile


class Fibonacci(BaseAsyncView):
    """The n-th Fibonacci number, with progress."""

    title = "A Fibonacci number"
    result_page = ViewPageTemplateFile("fibonacci_result.pt")

    def __run__(self, process_id=None):
        n = int(self.request.form["n"])
        a, b = 0, 1
        for i in range(n):
            a, b = b, a + b
            self.set_progress(process_id, 100 * i / n)
        return self.result_page(n=n, number=f"{a:x}")
