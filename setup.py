from pathlib import Path

from setuptools import find_namespace_packages
from setuptools import setup


HERE = Path(__file__).parent

long_description = "\n\n".join(
    (HERE / name).read_text(encoding="utf-8")
    for name in ("README.rst", "CHANGES.rst")
)

setup(
    name="netsight.async",
    version="2.0.0",
    description="Run any Zope or Plone view in the background, with progress",
    long_description=long_description,
    long_description_content_type="text/x-rst",
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords="zope plone background job queue progress",
    author="Netsight Internet Solutions Limited, and contributors",
    author_email="info@netsight.co.uk",
    url="https://github.com/netsight/netsight.async",
    project_urls={
        "Source": "https://github.com/netsight/netsight.async",
        "Issues": "https://github.com/netsight/netsight.async/issues",
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Web Environment",
        "Framework :: Zope",
        "Framework :: Zope :: 5",
        "Framework :: Zope :: 6",
        "Framework :: Plone",
        "Framework :: Plone :: 6.0",
        "Framework :: Plone :: 6.1",
        "Framework :: Plone :: 6.2",
        "Framework :: Plone :: Addon",
        "Operating System :: OS Independent",
        "Programming Language :: Python",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Internet :: WWW/HTTP :: Dynamic Content",
    ],
    packages=find_namespace_packages(include=["netsight", "netsight.*"]),
    include_package_data=True,
    zip_safe=False,
    python_requires=">=3.10",
    install_requires=[
        "AccessControl",
        "Acquisition",
        "BTrees",
        "multipart",
        "persistent",
        "transaction",
        "zc.lockfile",
        "zExceptions",
        "ZODB",
        "Zope>=5.10",
        "zope.component",
        "zope.event",
        "zope.globalrequest",
        "zope.i18n",
        "zope.i18nmessageid",
        "zope.interface",
        "zope.processlifetime",
        "zope.publisher",
    ],
    extras_require={
        "celery": ["celery[redis]"],
        "plone": ["Products.CMFPlone", "plone.protect"],
        "test": [
            "coverage[toml]",
            "hypothesis",
            "plone.app.testing",
            "Products.CMFPlone",
            "plone.protect",
            "plone.restapi",
            "python-gettext",
            "WebTest",
            "ZEO",
            "zope.testrunner",
        ],
        # Beside "test"; Chromium comes from the system.
        "test-browser": [
            "axe-playwright-python",
            "playwright",
        ],
        # Beside "test"; Redis, RabbitMQ and PostgreSQL come from the system.
        "test-cluster": [
            "celery[redis]",
            "psycopg2-binary",
            "RelStorage",
        ],
        "test-zope": [
            "coverage[toml]",
            "gunicorn",
            "hypothesis",
            "plone.testing[zope]",
            "Products.SiteErrorLog",
            "python-gettext",
            "WebTest",
            "ZEO",
            "zope.testrunner",
        ],
    },
    entry_points={
        "console_scripts": [
            "netsight-async-worker = netsight.async_.serving.worker:main",
        ],
        "plone.autoinclude.plugin": [
            "target = plone",
            "module = netsight.async",
        ],
    },
)
