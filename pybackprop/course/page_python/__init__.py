"""Python on the page: the session that runs a reader's code in the browser, and its front end."""
