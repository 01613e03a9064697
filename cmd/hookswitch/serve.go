package main

type serveCmd struct {
	Settings settings `embed:""`
}
