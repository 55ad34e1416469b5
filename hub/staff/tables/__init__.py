"""Tables that go out as files and come in again: stores, products, spots, hours, people."""
