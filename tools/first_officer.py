"""`make first-officer EMAIL=…`: the first privacy officer of a deployed stack.

It acts on the AWS account, or the local AWS, that the environment names.
"""

import argparse
import sys
from typing import Any

import boto3

GROUP = "privacy-officer"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("email")
    parser.add_argument("--stack", required=True)
    arguments = parser.parse_args()
    pool = _user_pool(boto3.client("cloudformation"), arguments.stack)
    invite(boto3.client("cognito-idp"), pool, arguments.email)
    print(f"{arguments.email} is a {GROUP} of {arguments.stack}; a password comes by mail.")
    return 0


def invite(cognito: Any, pool: str, email: str) -> None:
    """Create the user, whom Cognito sends a temporary password, and add it to the group."""
    if cognito.list_users_in_group(UserPoolId=pool, GroupName=GROUP, Limit=1)["Users"]:
        raise SystemExit(f"There is a {GROUP} already, who can invite others.")
    cognito.admin_create_user(
        UserPoolId=pool,
        Username=email,
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=[
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=GROUP)


def _user_pool(cloudformation: Any, stack: str) -> str:
    (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in described["Outputs"]}
    return str(outputs["UserPoolId"])


if __name__ == "__main__":
    sys.exit(main())
