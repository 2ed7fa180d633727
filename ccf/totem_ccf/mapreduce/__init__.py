"""MapReduce: planner, master, workers, and the columnar data between tasks."""
