"""The two halves of the meter at run time: the manager on the master, an updater on each worker."""
