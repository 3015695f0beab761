// Package deploytest checks the templates of the folder above, offline: CloudFormation templates against the
// published schema of AWS SAM, their references, limits and permissions against what the code of this
// repository uses, and the Terraform module's form and syntax. It is a module of its own, for the libraries it needs.
//
// Nothing here was deployed, and no Terraform provider was asked: those cannot be had without a network.
package deploytest
