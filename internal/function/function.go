// Package function holds the provider's functions: pure, offline, a file each.
package function

import "github.com/hashicorp/terraform-plugin-framework/function"

// All is every function the provider offers.
func All() []func() function.Function {
	return []func() function.Function{NewFlagsmithValue}
}
