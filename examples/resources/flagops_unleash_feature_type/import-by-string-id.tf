import {
  to = flagops_unleash_feature_type.release
  id = "release"
}
