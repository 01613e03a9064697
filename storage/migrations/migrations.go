// Package migrations holds the schema, once for every engine, as goose's SQL
// files. A file that was released is never edited: a new one follows it.
package migrations

import "embed"

// Files are the migrations, NNNNN_title.sql.
//
//go:embed *.sql
var Files embed.FS
