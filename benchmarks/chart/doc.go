// Package chart draws the figures of the benchmark report on the server's side:
// no script, no network, no fonts to load.
//
// A chart is a value ([Distributions], [Bars], [Lines], [Timeline]) with the
// numbers in it. Draw lays it out for a width in CSS pixels, because a figure
// that is only scaled down has letters of 5 pixels on a phone, and gives a
// [Drawing]: a list of marks. A drawing is written as SVG that follows the light
// or dark scheme of the reader ([Drawing.SVG]), or as PNG ([Drawing.PNG]).
//
// Marks have no colours but roles. [Light] and [Dark] give each role a colour;
// tests hold them to the contrast of WCAG 2.2 and keep them apart for readers
// with the three common forms of colour blindness. No figure depends on colour
// alone: every series carries its name.
package chart
