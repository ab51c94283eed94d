"""What the Docker driver is made of: the engine's check, a container's options, its host side, its life."""
