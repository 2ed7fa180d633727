"""What runs the tasks of a job: ``local`` on worker processes of this machine."""
