// Package report makes the page of the benchmark suite: one HTML file without
// scripts or network, and its figures as SVG and PNG.
//
// Everything on it is measured, modelled or cited, and says which: measured
// figures carry the machine and the command, modelled ones their assumptions and
// sources, cited values a link.
package report
