// Package unleash describes Unleash's objects to crud: a file per object, holding its schema, its model and the
// conversions between that and the API.
package unleash

import "github.com/flagops/terraform-provider-flagops/internal/crud"

// Objects is everything of Unleash that the provider offers.
func Objects() []crud.Object {
	return []crud.Object{
		apiToken,
		contextField,
		environment,
		feature,
		featureState,
		featureType,
		integration,
		project,
		projectEnvironment,
		projectMember,
		projectOverview,
		segment,
		strategy,
		strategyType,
		tagType,
		user,
		webhook,
	}
}
