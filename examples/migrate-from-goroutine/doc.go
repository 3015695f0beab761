// Package migrate holds the test of the two functions in the folders before and after.
package migrate
