// The control: loaded before the program as the tracer is, and does nothing.
