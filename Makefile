# Aliases of `python3 dev …`, for fingers that type make.
.PHONY: demo test check format faults bench lock

demo test check format faults bench lock:
	@python3 dev $@
