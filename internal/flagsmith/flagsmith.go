// Package flagsmith describes Flagsmith's objects to crud: a file per object, holding its schema, its model and the
// conversions between that and the API.
package flagsmith

import "github.com/flagops/terraform-provider-flagops/internal/crud"

// Objects is everything of Flagsmith that the provider offers.
func Objects() []crud.Object {
	return []crud.Object{
		environment,
		environmentWebhook,
		feature,
		featureState,
		organisation,
		organisationUser,
		organisationWebhook,
		project,
		segment,
		tag,
		userGroup,
	}
}
