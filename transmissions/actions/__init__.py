"""What can be done with transmissions: accept one, cancel some. Views and tasks call these and nothing deeper."""
