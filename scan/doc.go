// Package scan is the selective scan of Mamba (arXiv 2312.00752) as a library
// of parts.
package scan
